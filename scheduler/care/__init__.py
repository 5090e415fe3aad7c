"""Unscheduled care: who must be seen before when, and how a free slot of the shared agenda reaches them.

``requests`` takes them in, ``circles`` says who is asked first, ``rounds`` keeps and announces slots,
``refill`` offers a freed slot, ``follow`` keeps requests and bookings in step.
"""

"""Referrals: from the signal of a patient without a GP to the answer of a practitioner."""

"""The words of care requests: where one stands, why it has no slot, what happened to it."""

from scheduler.care.requests import CancelledBecause

URGENCIES = {1: "4 heures", 2: "dans la journée", 3: "48 heures"}
STANDINGS = {
    "without": ("Sans créneau", "warn"),
    "kept": ("Créneau gardé", "brand"),
    "booked": ("Rendez-vous pris", "ok"),
    "missed": ("Échéance passée", "danger"),
    "cancelled": ("Abandonnée", ""),
}
REASONS = {
    "deadline_passed": "Échéance trop proche : rappelez ce patient maintenant.",
    "no_slot_in_time": "Aucun créneau libre avant l’échéance : demandez-en un aux médecins.",
    "out_of_reach": "Les créneaux libres à temps sont trop loin, ou le médecin habituel est d’abord attendu.",
    "other_modality": "Les créneaux libres à temps sont d’une autre modalité : proposez-la au patient.",
    "full": "Les créneaux possibles sont gardés pour des demandes plus pressantes.",
}
EVENTS = {
    "received": "Demande reçue.",
    "planned": "Un créneau lui est gardé.",
    "replanned": "Un meilleur créneau lui est gardé.",
    "unplanned": "Le créneau gardé n’est plus possible : recherche en cours.",
    "announced": "Rendez-vous pris sur le créneau gardé.",
    "not_announced": "Le créneau gardé venait d’être pris : recherche en cours.",
    "offered": "Un créneau libéré est proposé.",
    "accepted": "Créneau accepté : rendez-vous pris.",
    "declined": "Créneau refusé.",
    "offer_ended": "Pas de réponse à la proposition.",
    "booked": "Rendez-vous pris.",
    "booking_lost": "Rendez-vous annulé : la demande attend de nouveau, ancienneté conservée.",
    "booking_moved": "Rendez-vous déplacé.",
    "promised": "Un créneau a été promis au patient.",
    "extended": "Échéance repoussée.",
    "missed": "Échéance passée sans créneau.",
    "taken_over": "Quelqu’un d’autre s’en occupe.",
    "cancelled": "Demande abandonnée.",
}

ABANDONED_BECAUSE = {
    CancelledBecause.SEEN_ELSEWHERE: "Le patient est vu ailleurs",
    CancelledBecause.BETTER: "Le patient n’en a plus besoin",
    CancelledBecause.UNREACHABLE: "Le patient ne répond pas",
    CancelledBecause.EMERGENCY: "Le patient est adressé aux urgences",
    CancelledBecause.MISTAKE: "Demande faite par erreur",
}

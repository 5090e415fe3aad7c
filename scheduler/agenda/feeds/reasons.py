"""Why each entry of a calendar is open, busy, ignored or refused: stable codes and plain sentences."""

from enum import StrEnum


class Reason(StrEnum):
    """Stable codes; the French sentence of each stands in ``SENTENCES``."""

    MARKED_BY_PROPERTY = "marked_by_property"
    MARKED_BY_CATEGORY = "marked_by_category"
    MARKED_BY_TITLE = "marked_by_title"
    AVAILABLE = "available"
    FREE_PERIOD = "free_period"
    SHOWN_AS_FREE = "shown_as_free"
    DEDICATED_CALENDAR = "dedicated_calendar"

    PRIVATE = "private"
    MARKED_BUSY = "marked_busy"
    HAS_ATTENDEE = "has_attendee"
    TENTATIVE = "tentative"
    OUTSIDE_AVAILABILITY = "outside_availability"
    BUSY_PERIOD = "busy_period"
    BUSY_DAY = "busy_day"
    LONG_BUSY = "long_busy"
    NOT_MARKED = "not_marked"
    FREE_NOT_MARKED = "free_not_marked"
    BUSY_CALENDAR = "busy_calendar"
    OVERLAPPED = "overlapped"
    BUSY_ELSEWHERE = "busy_elsewhere"
    ON_LEAVE = "on_leave"
    OTHER_SLOT = "other_slot"

    OWN_BOOKING = "own_booking"
    CANCELLED = "cancelled"
    ALL_DAY = "all_day"
    NO_DURATION = "no_duration"
    ENDS_BEFORE_START = "ends_before_start"
    LONGER_THAN_A_DAY = "longer_than_a_day"
    SUPERSEDED = "superseded"
    DUPLICATE = "duplicate"
    BEGUN = "begun"
    AVAILABLE_IN_BUSY_CALENDAR = "available_in_busy_calendar"

    NO_START = "no_start"
    BAD_DATE = "bad_date"
    BAD_DURATION = "bad_duration"
    BAD_RULE = "bad_rule"
    EXCLUSION_RULE = "exclusion_rule"
    RULE_TOO_FREQUENT = "rule_too_frequent"
    RULE_TOO_DENSE = "rule_too_dense"
    TOO_MANY_OCCURRENCES = "too_many_occurrences"
    SERIES_TOO_LONG = "series_too_long"
    UNCLOSED = "unclosed"
    UNREADABLE = "unreadable"


SENTENCES: dict[str, str] = {
    Reason.MARKED_BY_PROPERTY: "Ouvert : l'événement porte la marque de Relais.",
    Reason.MARKED_BY_CATEGORY: "Ouvert : la catégorie de l'événement annonce un créneau.",
    Reason.MARKED_BY_TITLE: "Ouvert : le titre de l'événement annonce un créneau.",
    Reason.AVAILABLE: "Ouvert : plage de disponibilité publiée par votre agenda.",
    Reason.FREE_PERIOD: "Ouvert : période déclarée libre par votre agenda.",
    Reason.SHOWN_AS_FREE: "Ouvert : affiché « disponible » dans un agenda réservé aux créneaux.",
    Reason.DEDICATED_CALENDAR: "Ouvert : tout événement de cet agenda est un créneau.",
    Reason.PRIVATE: "Occupé : l'événement est privé. Rendez-le public pour en faire un créneau.",
    Reason.MARKED_BUSY: "Occupé : l'événement porte la marque « occupé » de Relais.",
    Reason.HAS_ATTENDEE: "Occupé : quelqu'un est invité à cet événement.",
    Reason.TENTATIVE: "Occupé : l'événement est provisoire et ne porte pas la marque d'un créneau.",
    Reason.OUTSIDE_AVAILABILITY: "Occupé : en dehors des plages de disponibilité publiées.",
    Reason.BUSY_PERIOD: "Occupé : période déclarée occupée par votre agenda.",
    Reason.BUSY_DAY: "Occupé : une journée entière affichée « occupé » ferme tous les créneaux du jour.",
    Reason.LONG_BUSY: "Occupé : un événement de plus de 24 h affiché « occupé » ferme ce qu'il couvre.",
    Reason.NOT_MARKED: "Occupé : rien n'annonce un créneau. Ajoutez « SNP » au titre ou à la catégorie.",
    Reason.FREE_NOT_MARKED: (
        "Occupé par prudence : affiché « disponible » mais sans marque. "
        "Ajoutez « SNP » au titre ou à la catégorie pour en faire un créneau."
    ),
    Reason.BUSY_CALENDAR: "Occupé : cet agenda ne sert qu'à fermer des créneaux.",
    Reason.OVERLAPPED: "Fermé : une heure occupée le recouvre.",
    Reason.BUSY_ELSEWHERE: "Fermé : un autre agenda du médecin est occupé à cette heure.",
    Reason.ON_LEAVE: "Fermé : le médecin a indiqué une absence ce jour-là.",
    Reason.OTHER_SLOT: "Fermé : un autre créneau du médecin, d'agenda ou à la main, tient déjà ces heures.",
    Reason.OWN_BOOKING: "Ignoré : c'est un rendez-vous de Relais, revenu par votre agenda.",
    Reason.CANCELLED: "Ignoré : l'événement est annulé.",
    Reason.ALL_DAY: "Ignoré : une journée entière n'est pas un créneau. Donnez une heure de début et de fin.",
    Reason.NO_DURATION: "Ignoré : l'événement n'a pas de durée. Donnez une heure de fin.",
    Reason.ENDS_BEFORE_START: "Ignoré : l'événement finit avant de commencer. Corrigez ses heures.",
    Reason.LONGER_THAN_A_DAY: "Ignoré : l'événement dure plus de 24 h. Découpez-le par jour.",
    Reason.SUPERSEDED: "Ignoré : une version plus récente du même événement est présente.",
    Reason.DUPLICATE: "Ignoré : un créneau aux mêmes heures existe déjà dans cet agenda.",
    Reason.BEGUN: "Ignoré : le créneau a déjà commencé.",
    Reason.AVAILABLE_IN_BUSY_CALENDAR: "Ignoré : cet agenda ne sert qu'à fermer des créneaux.",
    Reason.NO_START: "Refusé : l'événement n'a pas de date de début.",
    Reason.BAD_DATE: "Refusé : une date de l'événement est illisible.",
    Reason.BAD_DURATION: "Refusé : la durée de l'événement est illisible.",
    Reason.BAD_RULE: "Refusé : la règle de répétition est illisible. Recréez la série.",
    Reason.EXCLUSION_RULE: (
        "Refusé : la série exclut des jours par une règle abandonnée (EXRULE), "
        "que nous ne risquons pas d'ignorer. Recréez la série."
    ),
    Reason.RULE_TOO_FREQUENT: "Refusé : une répétition plus fréquente que chaque jour. Répétez par jour.",
    Reason.RULE_TOO_DENSE: "Refusé : la répétition produit trop d'heures par jour. Simplifiez-la.",
    Reason.TOO_MANY_OCCURRENCES: "Refusé : la série produit trop d'occurrences. Simplifiez-la.",
    Reason.SERIES_TOO_LONG: "Refusé : la série commence trop loin dans le passé. Recréez-la cette année.",
    Reason.UNCLOSED: "Refusé : l'événement est coupé avant sa fin.",
    Reason.UNREADABLE: "Refusé : l'événement est illisible.",
}
"""One plain French sentence per reason, without any word of the event itself."""


class Warned(StrEnum):
    """Stable codes of what a reading is unsure of; sentences in ``WARNINGS``."""

    ENCODING = "encoding"
    COMPRESSED = "compressed"
    TEXT_AFTER_END = "text_after_end"
    UNKNOWN_ZONE = "unknown_zone"
    GUESSED_ZONE = "guessed_zone"
    BAD_ZONE_DEFINITION = "bad_zone_definition"
    UTC_WITH_ZONE = "utc_with_zone"
    MIXED_ZONES = "mixed_zones"
    NO_UID = "no_uid"
    NOT_POSITIVE = "not_positive"
    START_OFF_RULE = "start_off_rule"
    ENDS_BEFORE_FIRST = "ends_before_first"
    HOUR_WILL_CHANGE = "hour_will_change"
    REFUSED_ENTRIES = "refused_entries"
    BAD_SLOT_SETTING = "bad_slot_setting"


WARNINGS: dict[str, str] = {
    Warned.ENCODING: "Le fichier n'est pas en UTF-8 simple ; lu comme {detail}. Vérifiez les accents.",
    Warned.COMPRESSED: "Le fichier est compressé sans que le serveur le dise ; il a été décompressé.",
    Warned.TEXT_AFTER_END: "Du texte suit la fin de l'agenda ; il est ignoré.",
    Warned.UNKNOWN_ZONE: "Fuseau « {detail} » inconnu : lu dans le fuseau de la source. Vérifiez les heures.",
    Warned.GUESSED_ZONE: "Fuseau non standard, compris comme {detail}. Vérifiez les heures.",
    Warned.BAD_ZONE_DEFINITION: "La définition du fuseau « {detail} » est illisible ; elle est ignorée.",
    Warned.UTC_WITH_ZONE: "Des heures portent à la fois un fuseau et « Z » ; lues en heure universelle.",
    Warned.MIXED_ZONES: "Début et fin d'un événement ne sont pas dans le même fuseau. Vérifiez les heures.",
    Warned.NO_UID: "Des événements n'ont pas d'identifiant : s'ils changent, ils paraîtront nouveaux.",
    Warned.NOT_POSITIVE: "Des événements ont une durée nulle ou négative ; ils ne font pas de créneau.",
    Warned.START_OFF_RULE: "Une série commence un jour que sa règle ne produit pas ; ce jour est gardé.",
    Warned.ENDS_BEFORE_FIRST: "Une série finit avant de commencer ; elle ne produit rien.",
    Warned.HOUR_WILL_CHANGE: (
        "Une série est écrite en heure universelle ou dans un autre fuseau : {detail}. "
        "Si ce n'est pas voulu, recréez-la dans votre fuseau."
    ),
    Warned.REFUSED_ENTRIES: (
        "Des événements n'ont pas pu être lus : ils n'ouvrent aucun créneau, mais n'en ferment pas non plus."
    ),
    Warned.BAD_SLOT_SETTING: "Une capacité ou une durée de créneau écrite dans un événement est illisible.",
}
"""One plain French sentence per warning; ``{detail}`` is a zone, an encoding or hours, never event text."""

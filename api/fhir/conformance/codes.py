"""The value sets to which the profiles bind codes, as far as their content is published in the guide.

A set that is not here is not checked: the directories of diplomas, sectors and establishments are too large
to be carried along, and the guide's own validator is lenient on them. ``UNKNOWN`` names them, and a test
holds that every binding of the tables is in one of the two.
"""

from collections.abc import Mapping

_HL7 = "http://hl7.org/fhir/ValueSet/"
_TX = "http://terminology.hl7.org/"
_SAS = "https://interop.esante.gouv.fr/ig/fhir/sas/ValueSet/"
_NOS = "https://mos.esante.gouv.fr/NOS/"
_FR = "http://interopsante.org/fhir/"

SLOT_TYPES = f"{_NOS}TRE_R314-TypeCreneau/FHIR/TRE-R314-TypeCreneau"
CATEGORIES = f"{_NOS}TRE_R66-CategorieEtablissement/FHIR/TRE-R66-CategorieEtablissement"
SPECIALTIES = f"{_NOS}TRE_R38-SpecialiteOrdinale/FHIR/TRE-R38-SpecialiteOrdinale"
ACTS = f"{_TX}CodeSystem/v3-ActCode"
APPOINTMENT_TYPES = f"{_TX}CodeSystem/v2-0276"

_ORIENTATION = "https://interop.esante.gouv.fr/ig/fhir/sas/CodeSystem/categorie-orientation-sas-codesystem"

ANY = frozenset({"*"})
"""Every code of the system: the set is a whole code system that is not carried here."""

PLAIN = ""
"""System of codes that are written alone (type ``code``)."""

Codes = Mapping[str, frozenset[str]]


def _set(system: str, *codes: str) -> Codes:
    return {system: frozenset(codes)}


VALUE_SETS: Mapping[str, Codes] = {
    f"{_HL7}bundle-type": _set(
        PLAIN,
        *("document", "message", "transaction", "transaction-response", "batch", "batch-response"),
        *("history", "searchset", "collection"),
    ),
    f"{_HL7}search-entry-mode": _set(PLAIN, "match", "include", "outcome"),
    f"{_HL7}http-verb": _set(PLAIN, "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"),
    f"{_HL7}identifier-use": _set(PLAIN, "usual", "official", "temp", "secondary", "old"),
    f"{_HL7}appointmentstatus": _set(
        PLAIN,
        *("proposed", "pending", "booked", "arrived", "fulfilled", "cancelled", "noshow"),
        *("entered-in-error", "checked-in", "waitlist"),
    ),
    f"{_HL7}participantrequired": _set(PLAIN, "required", "optional", "information-only"),
    f"{_HL7}participationstatus": _set(PLAIN, "accepted", "declined", "tentative", "needs-action"),
    f"{_HL7}location-status": _set(PLAIN, "active", "suspended", "inactive"),
    f"{_HL7}location-mode": _set(PLAIN, "instance", "kind"),
    f"{_HL7}address-use": _set(PLAIN, "home", "work", "temp", "old", "billing"),
    f"{_HL7}address-type": _set(PLAIN, "postal", "physical", "both"),
    f"{_HL7}days-of-week": _set(PLAIN, "mon", "tue", "wed", "thu", "fri", "sat", "sun"),
    f"{_HL7}name-use": _set(PLAIN, "usual", "official", "temp", "nickname", "anonymous", "old", "maiden"),
    f"{_HL7}contact-point-system": _set(PLAIN, "phone", "fax", "email", "pager", "url", "sms", "other"),
    f"{_HL7}contact-point-use": _set(PLAIN, "home", "work", "temp", "old", "mobile"),
    f"{_HL7}administrative-gender": _set(PLAIN, "male", "female", "other", "unknown"),
    f"{_HL7}slotstatus": _set(
        PLAIN, "busy", "free", "busy-unavailable", "busy-tentative", "entered-in-error"
    ),
    f"{_TX}ValueSet/v3-ActEncounterCode": _set(
        ACTS, "AMB", "EMER", "FLD", "HH", "IMP", "ACUTE", "NONAC", "OBSENC", "PRENC", "SS", "VR"
    ),
    f"{_NOS}JDV_J165-TypeCreneau-SAS/FHIR/JDV-J165-TypeCreneau-SAS": _set(
        SLOT_TYPES, "PUBLIC", "PRO", "SNP", "CPTS"
    ),
    f"{_SAS}sas-cpts-valueset-typecreneau": _set(SLOT_TYPES, "PUBLIC", "PRO", "SNP", "CPTS"),
    f"{_SAS}sas-sos-valueset-typecreneau": _set(SLOT_TYPES, "PUBLIC", "SNP"),
    f"{_SAS}sas-valueset-categorieetablissement": _set(CATEGORIES, "604"),
    f"{_SAS}sas-valueset-appointmentreason": _set(APPOINTMENT_TYPES, "ROUTINE", "WALKIN"),
    f"{_SAS}sas-valueset-typeconsultation": _set(ACTS, "AMB", "HH", "VR"),
    f"{_SAS}sas-valueset-typeidentifiant": {
        f"{_FR}CodeSystem/fr-v2-0203": frozenset({"IDNPS", "INTRN", "IDNST"}),
        f"{_FR}CodeSystem/fr-location-identifier-type": frozenset({"INTRN", "IDNST"}),
    },
    f"{_SAS}sas-valueset-participant-status": _set(PLAIN, "accepted", "needs-action"),
    f"{_SAS}sas-sos-valueset-participant-status": _set(PLAIN, "accepted", "needs-action"),
    f"{_SAS}categorie-orientation-sas-valueset": {
        CATEGORIES: frozenset({"604", "603", "124"}),
        _ORIENTATION: frozenset({"001", "002", "003"}),
    },
    f"{_FR}ValueSet/fr-practitioner-specialty": {
        SPECIALTIES: ANY,
        f"{_NOS}TRE_R01-EnsembleSavoirFaire-CISIS/FHIR/TRE-R01-EnsembleSavoirFaire-CISIS": ANY,
    },
}

UNKNOWN = frozenset(
    {
        f"{_NOS}JDV_J105-EnsembleDiplome-RASS/FHIR/JDV-J105-EnsembleDiplome-RASS",
        f"{_NOS}JDV_J101-SecteurActivite-RASS/FHIR/JDV-J101-SecteurActivite-RASS",
        f"{_NOS}JDV_J129-CategorieEtablissement-RASS/FHIR/JDV-J129-CategorieEtablissement-RASS",
        f"{_FR}ValueSet/fr-organization-type",
        f"{_FR}ValueSet/fr-practioner-role-exercice",
    }
)

TEXT_IS_ENOUGH = frozenset({f"{_FR}ValueSet/fr-practitioner-specialty"})
"""Bindings under which the guide sends a text alone, without a code."""


def admits(binding: str, system: str, code: str) -> bool:
    """Tell whether a code of a system is in a value set."""
    codes = VALUE_SETS[binding].get(system, frozenset())
    return code in codes or codes is ANY

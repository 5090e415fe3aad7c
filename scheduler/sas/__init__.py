"""What the national SAS platform asks of a shared agenda: availabilities out, regulators in, bookings back.

Source: ANS, guide d'implémentation « Service d'accès aux soins » (ans.fhir.fr.sas 1.1.0 and 1.2.0). FHIR
itself stays in ``api.fhir``; here are plain values.
"""

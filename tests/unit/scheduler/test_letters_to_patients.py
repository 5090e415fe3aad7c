"""What patients are told, by which way: every state has its words, none says anything of anybody."""

import re

import pytest

from scheduler.messages.letters_to_patients import LONGEST_SMS, STATE_TEXTS, state_letter
from scheduler.messages.patients import Way, way_to
from scheduler.store.tables import ContactPreference, MessageChannel, Patient, ReferralState
from tests.factories import NOW

# GSM 03.38, the letters one SMS of 160 characters is made of
GSM = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
ABOUT_HEALTH = re.compile(
    r"\b(ALD|C2S|AME|maladie|grossesse|handicap|traitement|soin palliatif|diagnos\w+|docteur)\b",
    re.IGNORECASE,
)


@pytest.mark.parametrize("state", ReferralState)
@pytest.mark.parametrize("phone", ["", "+33160000000"])
def test_every_state_is_told_in_a_letter_and_within_one_sms_without_anything_about_anybody(
    state: ReferralState, phone: str
) -> None:
    name = "Communauté professionnelle territoriale de santé de Grand-Cœur-sur-Yonne"
    letter = state_letter(state, territory_name=name, phone=phone)
    assert len(letter.short) <= LONGEST_SMS
    assert set(letter.short) <= GSM
    assert len(letter.subject) <= 200
    told = STATE_TEXTS[state]
    assert not ABOUT_HEALTH.search(told.subject + told.text.replace("état de santé", "") + told.short)
    assert max(len(sentence.split()) for sentence in re.split(r"[.!?:;]", told.text)) <= 30


MAIL, MOBILE, LANDLINE = "a@exemple.test", "+33612345678", "+33160000000"


@pytest.mark.parametrize(
    ("wish", "email", "phone", "channel"),
    [
        (None, MAIL, MOBILE, MessageChannel.MAIL),
        (None, "", MOBILE, MessageChannel.SMS),
        (None, "", "+262692123456", MessageChannel.SMS),
        (None, "", LANDLINE, MessageChannel.LETTER),
        (None, "", "", MessageChannel.LETTER),
        (ContactPreference.SMS, MAIL, MOBILE, MessageChannel.SMS),
        (ContactPreference.SMS, MAIL, LANDLINE, MessageChannel.MAIL),
        (ContactPreference.LETTER, MAIL, MOBILE, MessageChannel.LETTER),
        (ContactPreference.RELATIVE, "", MOBILE, MessageChannel.LETTER),
        (ContactPreference.PHONE, MAIL, "", MessageChannel.MAIL),
    ],
)
def test_how_a_patient_is_written_to(
    wish: ContactPreference | None, email: str, phone: str, channel: MessageChannel
) -> None:
    patient = Patient(
        family_name="X",
        given_name="Y",
        insee="77445",
        email=email,
        phone=phone,
        contact_preference=wish,
        created_at=NOW,
    )
    recipient = {MessageChannel.MAIL: email, MessageChannel.SMS: phone, MessageChannel.LETTER: ""}[channel]
    assert way_to(patient) == Way(channel=channel, recipient=recipient)

"""Why a calendar could not be read; whatever is raised here, the last good data stay.

RelaisError (matching.errors)
└── FeedError                  a calendar could not be read
    ├── FeedRefused            the body is not one complete calendar: nothing of it is applied
    │   ├── FeedEmpty          no byte, or blanks only
    │   ├── FeedIsPage         a web page came instead, usually one that asks for a login
    │   ├── FeedNotCalendar    something else that does not begin as a calendar
    │   ├── FeedTruncated      the end of the calendar is missing
    │   ├── FeedTooLarge       more bytes than allowed, as received or once decompressed
    │   ├── FeedTooManyEvents  more components or occurrences than allowed
    │   ├── FeedTooSlow        the reader used up its processor time or its wall time and was killed
    │   ├── FeedTooHeavy       the reader used up its memory
    │   └── FeedReaderFailed   the reader process ended otherwise, without an answer
    ├── InvalidFeedSetting     a setting of the source is not acceptable (zone, slot length, window)
    ├── SourceUnreachable      a file or an address gave no calendar; says which check failed
    └── PlatformUnsupported    the system cannot bound a child process
"""

from typing import ClassVar

from matching.errors import RelaisError


class FeedError(RelaisError):
    """A calendar could not be read."""

    code = "feed_error"
    sentence: ClassVar[str] = "Cet agenda n'a pas pu être lu. Les derniers créneaux connus sont conservés."

    def __init__(self) -> None:
        super().__init__(self.sentence)


class FeedRefused(FeedError):
    """The body is not one complete calendar, so that nothing of it is applied."""

    code = "feed_refused"


class FeedEmpty(FeedRefused):
    """There is nothing in the body."""

    code = "feed_empty"
    sentence = "L'adresse répond, mais sans rien. Vérifiez le partage dans votre agenda."


class FeedIsPage(FeedRefused):
    """A web page came instead of a calendar."""

    code = "feed_is_page"
    sentence = (
        "L'adresse donne une page web et non un agenda : elle demande sans doute une connexion. "
        "Copiez l'adresse « iCal » ou « .ics » proposée par votre agenda."
    )


class FeedNotCalendar(FeedRefused):
    """The body does not begin with ``BEGIN:VCALENDAR``."""

    code = "feed_not_calendar"
    sentence = "Ce contenu n'est pas un agenda iCal. Choisissez un fichier ou une adresse « .ics »."


class FeedTruncated(FeedRefused):
    """``END:VCALENDAR`` is missing."""

    code = "feed_truncated"
    sentence = "L'agenda reçu est coupé avant la fin. Il sera relu ; rien n'a été effacé."


class FeedTooLarge(FeedRefused):
    """The body is larger than allowed."""

    code = "feed_too_large"
    sentence = "Cet agenda est trop volumineux. Partagez un agenda réservé aux créneaux, sans les archives."


class FeedTooManyEvents(FeedRefused):
    """There are more components or occurrences than allowed."""

    code = "feed_too_many_events"
    sentence = "Cet agenda contient trop d'événements. Partagez un agenda réservé aux créneaux."


class FeedTooSlow(FeedRefused):
    """Reading took too long and was stopped."""

    code = "feed_too_slow"
    sentence = "La lecture de cet agenda a été arrêtée : une de ses répétitions est démesurée. Simplifiez-la."


class FeedTooHeavy(FeedRefused):
    """Reading took too much memory and was stopped."""

    code = "feed_too_heavy"
    sentence = "La lecture de cet agenda demandait trop de mémoire. Partagez un agenda plus petit."


class FeedReaderFailed(FeedRefused):
    """The reader process ended without an answer.

    Attributes
    ----------
    detail : str
        Exit status, or error class and source line, for the log; never text of the calendar.
    """

    code = "feed_reader_failed"
    sentence = "La lecture de cet agenda s'est interrompue. Elle sera refaite ; prévenez-nous si cela dure."

    def __init__(self, detail: str = "") -> None:
        self.detail = detail
        super().__init__()


class InvalidFeedSetting(FeedError):
    """A setting of the source is not acceptable.

    Attributes
    ----------
    setting : str
        Name of the setting.
    expected : str
        What was expected, in French.
    """

    code = "invalid_feed_setting"

    def __init__(self, setting: str, expected: str) -> None:
        self.setting = setting
        self.expected = expected
        RelaisError.__init__(self, f"« {setting} » : attendu {expected}.")


class SourceUnreachable(FeedError):
    """A file or an address gave no calendar.

    Attributes
    ----------
    reason : str
        Stable code of the check or failure (``fetched.FetchCode``, or ``file_unreadable``).
    where : str
        File name or host name, never the whole address: an address is a secret.
    """

    code = "source_unreachable"

    def __init__(self, reason: str, where: str, sentence: str) -> None:
        self.reason = reason
        self.where = where
        RelaisError.__init__(self, f"{where} : {sentence}")


class PlatformUnsupported(FeedError):
    """The system cannot bound the memory and processor time of a child process."""

    code = "platform_unsupported"
    sentence = (
        "Ce système ne permet pas de borner la lecture des agendas (module « resource » absent). "
        "Installez Relais sous Linux."
    )


REFUSALS: dict[str, type[FeedRefused]] = {
    kind.code: kind
    for kind in (
        FeedEmpty,
        FeedIsPage,
        FeedNotCalendar,
        FeedTruncated,
        FeedTooLarge,
        FeedTooManyEvents,
        FeedTooSlow,
        FeedTooHeavy,
        FeedReaderFailed,
    )
}
"""Every refusal by its code, so that a child process can name one and its parent raise it."""


class ComponentRefused(Exception):
    """One component cannot be read; the others of the calendar can.

    Attributes
    ----------
    reason : str
        A code of ``reasons.Reason``.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)

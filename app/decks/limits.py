"""Every bound on a deck, in one place, each with its unit and what happens at it."""

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    # What a teacher may send.
    upload_bytes: int = 50 * MIB  # a longer upload is refused: TooLarge
    pages: int = 300  # a longer deck fails
    name_chars: int = 120  # a longer name is cut
    # What comes out.
    widths: tuple[int, ...] = (800, 1600)  # pixels, ascending; the file names carry these
    side_pixels: int = 4096  # neither side of an image is longer; a long page gets smaller images instead
    text_chars: int = 20_000  # a page's text is cut here
    image_bytes: int = 32 * MIB  # a worker that sends more for one image is no longer ours
    drawn_bytes: int = 256 * MIB  # all pages of one deck; a deck with more fails
    # What a lesson may have of decks, by the deck book.
    lesson_decks: int = 40  # one more is refused: LessonFull
    lesson_bytes: int = 1024 * MIB  # PDFs and pages; an upload beyond is refused: LessonFull
    # What one deck may use. The worker runs niced, so wall time is generous and CPU time is what it may burn.
    page_seconds: float = 15.0  # to open the file, and for each page; then the worker is killed
    deck_seconds: float = 300.0  # from the start of the worker to its last page, storing included
    cpu_seconds: int = 240  # RLIMIT_CPU of the worker
    memory_bytes: int = 768 * MIB  # RLIMIT_AS of the worker; a usual lecture peaks at 108 MiB
    # What a process of the server takes on.
    parallel: int = 1  # decks drawn at the same time
    waiting: int = 8  # decks that are here whole, waiting or being drawn; one more is refused: Busy
    arriving_bytes: int = (
        400 * MIB
    )  # of files on their way; then slow ones give way, or a new one is refused: Busy
    arriving_least_bytes: int = 1 * MIB  # what a file on its way counts for at least: it takes a descriptor
    slowest: int = 64 * 1024  # bytes a second; an upload below gives way when the room is needed
    stall_seconds: float = 10.0  # an upload without a byte for so long is dropped: Stalled
    cache_bytes: int = 64 * MIB  # hot pages in memory; the one used longest ago leaves first
    # Claims: the claim itself lapses after 15 s without renewal, wherever Claims keeps it.
    renew_seconds: float = 5.0
    takeover_seconds: float = 10.0  # between looks for abandoned decks, give or take a fifth
    takeovers: int = 3  # a deck still unfinished after these fails: it may be what kills servers

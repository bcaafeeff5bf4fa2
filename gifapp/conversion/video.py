"""What the probe found out about a video."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from gifapp.conversion.probing.clock import MICROSECONDS, Clock
from gifapp.conversion.probing.container_formats import LOSSLESS
from gifapp.conversion.probing.interlacing import FieldOrder
from gifapp.domain.timing import Pace

# of the probe: what an older one found lacks fields that decide how a source is read
VERSION = 3

# square pixels are 1; a file that claims more than this is lying
MAX_PIXEL_ASPECT = 16.0

# containers of pictures that ffmpeg is handed decoded, see `pictures`
SEQUENCE = "pictures"
PICTURES = ("gif", "apng", "webp", "avif", "png", "jpeg", SEQUENCE)


class Turn(Enum):
    """How a stored picture becomes upright; the value is ffmpeg's filter for it."""

    NONE = ""
    CLOCKWISE = "transpose=clock"
    HALF = "hflip,vflip"
    COUNTERCLOCKWISE = "transpose=cclock"
    MIRRORED = "hflip"
    UPSIDE_DOWN = "vflip"
    TRANSPOSED = "transpose=cclock_flip"
    TRANSVERSED = "transpose=clock_flip"

    @property
    def swaps_sides(self) -> bool:
        return self.value.startswith("transpose")

    @property
    def note(self) -> str | None:
        return _TURN_NOTES.get(self)


_TURN_NOTES = {
    Turn.CLOCKWISE: "Rotated by 90° to stand upright.",
    Turn.HALF: "Rotated by 180° to stand upright.",
    Turn.COUNTERCLOCKWISE: "Rotated by 270° to stand upright.",
    Turn.MIRRORED: "Flipped left to right, as the file asks.",
    Turn.UPSIDE_DOWN: "Flipped top to bottom, as the file asks.",
    Turn.TRANSPOSED: "Rotated and flipped, as the file asks.",
    Turn.TRANSVERSED: "Rotated and flipped, as the file asks.",
}

# (sign of a, b, c, d) of a display matrix: x' = a x + c y, y' = b x + d y
_TURNS = {
    (1, 0, 0, 1): Turn.NONE,
    (0, 1, -1, 0): Turn.CLOCKWISE,
    (-1, 0, 0, -1): Turn.HALF,
    (0, -1, 1, 0): Turn.COUNTERCLOCKWISE,
    (-1, 0, 0, 1): Turn.MIRRORED,
    (1, 0, 0, -1): Turn.UPSIDE_DOWN,
    (0, 1, 1, 0): Turn.TRANSPOSED,
    (0, -1, -1, 0): Turn.TRANSVERSED,
}


def turn_of_matrix(matrix: Sequence[int]) -> Turn | None:
    """The turn that a display matrix (nine numbers, row by row) asks for; None when it is none of ours."""
    a, b, c, d = matrix[0], matrix[1], matrix[3], matrix[4]
    largest = max(abs(a), abs(b), abs(c), abs(d))
    if largest == 0:  # some files carry an empty matrix, and mean nothing by it
        return Turn.NONE
    return _TURNS.get((_sign(a, largest), _sign(b, largest), _sign(c, largest), _sign(d, largest)))


def _sign(value: int, largest: int) -> int:
    if abs(value) * 20 < largest:  # under 3° of tilt
        return 0
    return (value > 0) - (value < 0)


@dataclass(frozen=True)
class ColourTags:
    """How the stored numbers mean colours, by ffmpeg's names; None for matrix: already RGB."""

    matrix: str | None
    primaries: str
    transfer: str
    full_range: bool

    @property
    def is_hdr(self) -> bool:
        return self.transfer in ("smpte2084", "arib-std-b67")


@dataclass(frozen=True)
class ShapeChange:
    """From `at_s` on the displayed picture is `relative` times as wide, for its height, as the first one."""

    at_s: float
    relative: float


@dataclass(frozen=True)
class Video:
    """A source as the viewer sees it, and what the decoder must know to show it so.

    Attributes:
        container: ffmpeg's name of the file format, "mov" or "matroska"; or one of PICTURES.
        codec: ffmpeg's name of the codec, "h264".
        decoder: the decoder to force, where ffmpeg's own choice would lose the transparency.
        width_px, height_px: the picture upright and with square pixels.
        duration_s: from the first picture to the end of the last, as counted in the file.
        fps: pictures per second on average; None for a single picture.
        is_vfr: its pictures come at uneven times.
        start_s: the time stamp of the first picture; time 0 of every recipe.
        last_s: when the last picture shows, from `start_s`.
        stored_width_px, stored_height_px, pixel_aspect, turn: the picture as stored.
        notes: plain sentences about what is odd.
        pace_fps: the slowest rate at which every picture shows at its own time; None: there is none.
        longest_s: how long a picture shows at the most; None: nobody has looked at all of them.
        delays_s: how long each picture shows, where `is_pictures`.
        composed_px: how many pixels all its pictures have, where `is_pictures`; 0: nobody has counted.
        plays: how often an animation plays, 0 for ever; None: it does not say.
        fields: whether it is interlaced, and which field comes first; "flagged": as each picture says.
        stream: which of the file's streams it is, as ffmpeg specifies streams.
        lead_s: how long the file plays, usually with sound, before the first picture.
        clock: the grid on which its time stamps lie.
        shape_changes: what becomes of its shape where pixels do not stay as wide as they were, in order.
        version: of the probe that found it.
    """

    container: str
    codec: str
    decoder: str | None
    width_px: int
    height_px: int
    duration_s: float
    fps: float | None
    is_vfr: bool
    has_alpha: bool
    start_s: float
    last_s: float
    stored_width_px: int
    stored_height_px: int
    pixel_aspect: float
    turn: Turn
    colours: ColourTags
    notes: tuple[str, ...]
    pace_fps: float | None = None
    longest_s: float | None = None
    delays_s: tuple[float, ...] = ()
    composed_px: int = 0
    plays: int | None = None
    clock: Clock = MICROSECONDS
    fields: FieldOrder = "progressive"
    stream: str = "V:0"
    lead_s: float = 0.0
    shape_changes: tuple[ShapeChange, ...] = ()
    version: int = VERSION

    @property
    def pace(self) -> Pace:
        """How fast its pictures come."""
        return Pace(self.fps, self.pace_fps, bool(self.delays_s), self.is_sequence)

    @property
    def is_lossless(self) -> bool:
        """Whether its pictures are as somebody drew them: pictures, or a video codec that changes nothing."""
        return self.is_pictures or self.codec in LOSSLESS

    @property
    def is_outdated(self) -> bool:
        """Whether an older probe looked at it, which found out less."""
        return self.version < VERSION

    @property
    def is_hdr(self) -> bool:
        return self.colours.is_hdr

    @property
    def is_pictures(self) -> bool:
        return self.container in PICTURES

    @property
    def is_sequence(self) -> bool:
        """Pictures without times of their own."""
        return self.container == SEQUENCE


def upright_size(width_px: int, height_px: int, pixel_aspect: float, turn: Turn) -> tuple[int, int]:
    """The picture with square pixels and turned upright; no side ever shrinks."""
    if pixel_aspect >= 1:
        width_px = round(width_px * pixel_aspect)
    else:
        height_px = round(height_px / pixel_aspect)
    return (height_px, width_px) if turn.swaps_sides else (width_px, height_px)

"""The probe's description of a source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from gifapp.conversion.probing.clock import MICROSECONDS, Clock
from gifapp.conversion.probing.container_formats import LOSSLESS
from gifapp.conversion.probing.interlacing import FieldOrder
from gifapp.domain.timing import Pace

# of the probe: results of older versions lack fields that decide how a source is read
VERSION = 3

# square pixels are 1; a file that claims more than this is wrong
MAX_PIXEL_ASPECT = 16.0

# containers of pictures, which we decode for ffmpeg; see `images`
SEQUENCE = "pictures"
PICTURES = ("gif", "apng", "webp", "avif", "png", "jpeg", SEQUENCE)


class Turn(Enum):
    """How to turn a stored picture upright; the value is ffmpeg's filter."""

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
    """The turn of a display matrix (nine numbers, row by row); None if it is not one of ours."""
    a, b, c, d = matrix[0], matrix[1], matrix[3], matrix[4]
    largest = max(abs(a), abs(b), abs(c), abs(d))
    if largest == 0:  # some files have an empty matrix, which means nothing
        return Turn.NONE
    return _TURNS.get((_sign(a, largest), _sign(b, largest), _sign(c, largest), _sign(d, largest)))


def _sign(value: int, largest: int) -> int:
    if abs(value) * 20 < largest:  # under 3° of tilt
        return 0
    return (value > 0) - (value < 0)


@dataclass(frozen=True)
class ColourTags:
    """The interpretation of the stored colours, by ffmpeg's names; matrix None: already RGB."""

    matrix: str | None
    primaries: str
    transfer: str
    full_range: bool

    @property
    def is_hdr(self) -> bool:
        return self.transfer in ("smpte2084", "arib-std-b67")


@dataclass(frozen=True)
class ShapeChange:
    """From `at_s` on, the displayed aspect ratio is `relative` times that of the first picture."""

    at_s: float
    relative: float


@dataclass(frozen=True)
class Video:
    """A source as the viewer sees it, and what is needed to decode it.

    Attributes:
        container: ffmpeg's name of the file format, "mov" or "matroska"; or one of PICTURES.
        codec: ffmpeg's name of the codec, "h264".
        decoder: the decoder to force if ffmpeg's default would lose transparency.
        width_px, height_px: the size, upright and with square pixels.
        duration_s: from the first picture to the end of the last, as counted in the file.
        fps: the average number of pictures per second; None for a single picture.
        is_vfr: the frame rate varies.
        start_s: the timestamp of the first picture, which is time 0 of every recipe.
        last_s: the time of the last picture, from `start_s`.
        stored_width_px, stored_height_px, pixel_aspect, turn: the picture as stored.
        notes: sentences about what is unusual.
        pace_fps: the slowest constant rate at which every picture keeps its own time; None if there is none.
        longest_s: the longest time that a picture shows; None if not all were read.
        delays_s: the delay of each picture, if `is_pictures`.
        composed_px: the number of pixels of all pictures, if `is_pictures`; 0 if not counted.
        plays: the play count of an animation, 0 forever; None if not stored.
        fields: whether it is interlaced, and which field comes first; "flagged": by each picture's flag.
        stream: the stream in the file, as an ffmpeg stream specifier.
        lead_s: how long the file plays before the first picture, usually with sound.
        clock: the grid of its timestamps.
        largest_px: the number of pixels of the largest picture, if the size changes; 0 if not.
        entries_s: times at which decoding can begin, ascending; None if unknown.
        shape_changes: changes of the displayed aspect ratio, in order.
        version: the version of the probe.
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
    largest_px: int = 0
    entries_s: tuple[float, ...] | None = None
    version: int = VERSION

    @property
    def pace(self) -> Pace:
        """Its frame rate."""
        return Pace(self.fps, self.pace_fps, bool(self.delays_s), self.is_sequence)

    @property
    def is_lossless(self) -> bool:
        """Whether it consists of image files, or has a lossless video codec."""
        return self.is_pictures or self.codec in LOSSLESS

    @property
    def is_outdated(self) -> bool:
        """Whether an older version of the probe made it, so that fields may be missing."""
        return self.version < VERSION

    @property
    def is_hdr(self) -> bool:
        return self.colours.is_hdr

    @property
    def is_pictures(self) -> bool:
        return self.container in PICTURES

    @property
    def is_sequence(self) -> bool:
        """Whether it is pictures without delays of their own."""
        return self.container == SEQUENCE


def upright_size(width_px: int, height_px: int, pixel_aspect: float, turn: Turn) -> tuple[int, int]:
    """The size with square pixels after turning upright; no side ever shrinks."""
    if pixel_aspect >= 1:
        width_px = round(width_px * pixel_aspect)
    else:
        height_px = round(height_px / pixel_aspect)
    return (height_px, width_px) if turn.swaps_sides else (width_px, height_px)

"""What was lost of a video, counted as it is read."""

from dataclasses import dataclass

SECONDS_OF_DOUBT = 0.5
"""By how much a header may say more than there is, before the file is taken for cut short."""

SHARE_OF_DOUBT, BYTES_OF_DOUBT = 0.25, 1 << 16
"""How much of a file may lie behind its last packet: an index does, and attached pictures."""


@dataclass
class Damage:
    """Frames are those of the video that should have been shown.

    Attributes:
        bytes_read: up to the end of the last packet, of any track.
        frames_announced: by packets of the video that were read.
        frames_decoded: that came out of the decoder.
        frames_flagged: that the decoder calls damaged. They are shown all the same.
        packets_undecodable: that the decoder refused.
        sound_packets_undecodable: the same, of sound that had to be decoded.
        broke_off: what the container said where it could not be read on; empty where it was read to its end.
    """

    bytes_read: int = 0
    frames_announced: int = 0
    frames_decoded: int = 0
    frames_flagged: int = 0
    packets_undecodable: int = 0
    sound_packets_undecodable: int = 0
    broke_off: str = ""

    def frames_lost(self, frames_from_header: int | None, seconds_missing: float, rate: float) -> int:
        """Frames that are not in the result. `seconds_missing`: how much more the header says than there is."""
        expected = self.frames_announced
        if seconds_missing > SECONDS_OF_DOUBT:
            expected = max(expected, frames_from_header or 0, self.frames_announced + round(seconds_missing * rate))
        return max(0, expected - self.frames_decoded)

    def notes(self, seconds_missing: float, file_bytes: int) -> tuple[str, ...]:
        """Sentences for a person, the worst first; none where nothing was lost of the `file_bytes` that there are."""
        found = []
        if self.broke_off:
            found.append(f"The file could not be read to its end: {self.broke_off}.")
        if seconds_missing > SECONDS_OF_DOUBT:
            found.append(f"The file ends {seconds_missing:.2f} s before its header says.")
        elif (unread_bytes := file_bytes - self.bytes_read) > max(SHARE_OF_DOUBT * file_bytes, BYTES_OF_DOUBT):
            unread = unread_bytes / file_bytes
            found.append(f"The last {unread:.0%} of the file hold nothing that could be read: they may be damaged.")
        if self.packets_undecodable:
            found.append(f"{self.packets_undecodable} packets of the video are damaged and could not be decoded.")
        swallowed = self.frames_announced - self.frames_decoded - self.packets_undecodable
        if swallowed > 0:
            found.append(f"{swallowed} frames of the video hang on others that are missing, and could not be decoded.")
        if self.frames_flagged:
            found.append(f"{self.frames_flagged} frames are damaged and are shown as the decoder mended them.")
        if self.sound_packets_undecodable:
            found.append(f"{self.sound_packets_undecodable} packets of the sound are damaged and were left out.")
        return tuple(found)

"""Errors in the request or the file: retrying won't help."""

from __future__ import annotations

from gifapp.errors.root import GifappError

SOURCE_FORMATS = "MP4, MOV, WebM, MKV, AVI, FLV, MPEG, OGG, GIF, WebP, AVIF, PNG, JPEG and zips of pictures"


class BadInput(GifappError):
    sentence = "The request isn't valid."


class RecipeInvalid(BadInput):
    sentence = "The recipe cannot be used: {problems}."


class OutputIsSource(BadInput):
    sentence = "The GIF would replace its own source {name!r}; choose another output."


class OutputNotWritable(BadInput):
    sentence = "The GIF cannot be written to {path}: {reason}."


class FormatContradicted(BadInput):
    sentence = "The output's name ends in {suffix}, but the recipe's format is {format}; change one of them."


class TargetTooSmall(BadInput):
    sentence = (
        "The smallest possible file is {smallest_bytes:size}; the limit is {target_bytes:size}. "
        "Raise the limit or choose a shorter range."
    )


class FieldInvalid(BadInput):
    sentence = "{field} {problem}."


class JsonInvalid(BadInput):
    sentence = "The body is not valid JSON: {problem}."


class BodyTooLarge(BadInput):
    sentence = "The body is larger than the limit of {limit_bytes:size}."


class ContentTypeWrong(BadInput):
    sentence = "The body must be sent as {expected}."


class TusVersionWrong(BadInput):
    sentence = "Resumable uploads use tus {known}; send the header Tus-Resumable: {known}."


class ChecksumWrong(BadInput):
    sentence = "The checksum does not match; the bytes were discarded. Send them again."


class ChecksumUnknown(BadInput):
    sentence = "Upload-Checksum must be one of {known}, a space, and the checksum in base64."


class ChecksumMalformed(BadInput):
    sentence = "Upload-Checksum: a {algorithm} checksum is {length} bytes in base64, but {problem}."


class TooManyParts(BadInput):
    sentence = (
        "This upload used too many requests: {parts:,} for {received_bytes:,} bytes. "
        "Delete it and send at least {least_bytes} bytes per request."
    )


class UploadLengthDeferred(BadInput):
    sentence = "Upload-Defer-Length is not supported; send the size in Upload-Length."


class PasswordTooShort(BadInput):
    sentence = "The password is too short; use at least {min_characters} characters."


class PasswordTooLong(BadInput):
    sentence = (
        "The password is longer than the limit of {max_bytes} bytes. "
        "Use a shorter one; an accented letter counts as two, an emoji as four."
    )


class PasswordTooCommon(BadInput):
    sentence = "This password is too easy to guess. Add another word or two."


class SourceRefused(BadInput):
    sentence = "This file cannot be converted."


class LinkInvalid(BadInput):
    sentence = "Enter a link that begins with http:// or https://, without a user name or password."


class LinkNotPublic(BadInput):
    sentence = "{host} can't be found on the public internet. Download the file, and upload it from here."


class LinkFailed(BadInput):
    sentence = "{host} {problem}."


class SourceNotFound(SourceRefused):
    sentence = "There is no file named {name!r}."


class SourceNotReadable(SourceRefused):
    sentence = "Permission denied: {name!r}. Check the file's permissions."


class SourceGone(SourceRefused):
    sentence = "This job's video was deleted. Upload it again."


class SourceEmpty(SourceRefused):
    sentence = "The file is empty."


class SourceNotVideo(SourceRefused):
    sentence = f"This isn't a video format gifapp supports. Supported: {SOURCE_FORMATS}."


class SourceWithoutPicture(SourceRefused):
    sentence = "This file has audio only, no video."


class SourceEncrypted(SourceRefused):
    sentence = "This video is encrypted (DRM); export a copy without protection."


class SourceCodecUnsupported(SourceRefused):
    sentence = "This video's codec ({codec}) is not supported; export it as H.264, HEVC, VP9 or AV1."


class SourcePictureUnsupported(SourceRefused):
    sentence = "{format} is not supported; save the picture as PNG, JPEG, WebP or AVIF."


class SourceDamaged(SourceRefused):
    sentence = "This video is damaged and cannot be read. Try exporting it again."


class SourceTooComplex(SourceRefused):
    sentence = "Checking this file took too much time or memory. Try exporting it again."


class SourceTooLarge(SourceRefused):
    sentence = "The file is larger than the limit of {limit_bytes:size}. Shorten or compress it first."


class SourceTooLong(SourceRefused):
    sentence = "The clip lasts {duration_s:.1f} s; the limit is {limit_s:.0f} s. Choose a shorter range."


class SourceTooManyPixels(SourceRefused):
    sentence = "The video is {width_px} x {height_px}; the limit is {limit_px:,} pixels. Scale it down first."


class SourceSideTooLong(SourceRefused):
    sentence = (
        "The picture is {width_px} x {height_px}; each side may have at most {limit_px:,} pixels. "
        "Crop it or scale it down first."
    )


class ClipTooManyPixels(SourceRefused):
    sentence = (
        "This clip has {pictures:,} frames with {clip_px:,} pixels in total; "
        "the limit is {limit_px:,}. Choose a shorter range, or scale the source down first."
    )


class ClipFarFromKeyFrame(SourceRefused):
    sentence = (
        "Decoding begins at a key frame, so {pictures:,} frames with {clip_px:,} pixels in total would be "
        "decoded for this clip; the limit is {limit_px:,}. Choose fewer ranges, or re-encode the source as "
        "an MP4 with a key frame every few seconds."
    )


class FramesInvalid(SourceRefused):
    sentence = "These frames cannot be used: {problem}."


class NotRecording(BadInput):
    sentence = "Frames can only be added while recording; add them inside `with gifapp.record() as gif:`."


class NotRecorded(BadInput):
    sentence = "There is no GIF yet; it is made when the `with` block of the recording ends."


class CellFailed(BadInput):
    sentence = "The cell failed, so there is no GIF; its error is above."


class PicturesInvalid(SourceRefused):
    sentence = "These pictures cannot be used: {problem}."


class TooManyFrames(SourceRefused):
    sentence = (
        "The clip has {frames:,} frames; the limit is {limit:,} here. "
        "Choose a shorter range or a lower frame rate."
    )


class RangeOutsideSource(SourceRefused):
    sentence = (
        "The range from {start_s:.2f} s is outside the video, which lasts {duration_s:.2f} s. "
        "Choose an earlier range."
    )


class CropOutsideSource(SourceRefused):
    sentence = "The crop extends outside the video, which is {width_px} x {height_px}. Choose a smaller crop."


class ConversionTooSlow(SourceRefused):
    sentence = "The conversion was stopped after {limit_s:.0f} s. Choose a shorter range or a smaller size."


class ConversionTooBig(SourceRefused):
    sentence = (
        "The conversion exceeded its limit on memory or disk. Choose a shorter range or a smaller size."
    )

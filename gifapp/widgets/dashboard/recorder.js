// Records the screen or the camera in the browser; a finished recording is uploaded like a file.

import { button, make, sizeInWords } from "../common.js";

/**
 * @typedef {"screen" | "camera"} Kind
 * @typedef {{ take: (files: File[]) => void, limitBytes: () => number }} Taker
 */

const LONGEST_S = 300;
const PIECE_MS = 500;
const TYPES = ["video/webm;codecs=vp9", "video/webm;codecs=vp8", "video/webm", "video/mp4"];
const SIZE = { width: { ideal: 1280 }, height: { ideal: 720 } }; // of the camera; more only makes the upload slower
const NAMES = { screen: "Screen recording", camera: "Camera recording" };
const NOT_ALLOWED = "Recording wasn't allowed. Allow it in the browser's address bar, then try again.";

/** @type {Record<Kind, () => Promise<MediaStream>>} */
const STREAMS = {
  screen: () => navigator.mediaDevices.getDisplayMedia({ video: { frameRate: 30 }, audio: false }),
  camera: () => navigator.mediaDevices.getUserMedia({ video: SIZE, audio: false }),
};

export class Recorder {
  /** @param {Taker} taker */
  constructor(taker) {
    this.taker = taker;
    /** @type {MediaRecorder | null} */
    this.recording = null;
    this.starts = { screen: this.makeStart("screen"), camera: this.makeStart("camera") };
    this.problem = make("p", { class: "gifapp-recorder__problem", role: "alert", hidden: true });
    this.picture = make("video", { class: "gifapp-recorder__picture", "aria-label": "What is being recorded", muted: true, autoplay: true, playsinline: true });
    this.picture.muted = true;
    this.status = make("span", { class: "gifapp-recorder__status" });
    this.stop = button("Stop", "main", () => this.recording?.stop());
    const discard = button("Discard the recording", "icon", () => this.discard(), "cancel");
    this.panel = make("div", { class: "gifapp-recorder__panel", role: "group", "aria-label": "Recording", hidden: true }, this.picture, this.status, this.stop, discard);
    this.node = make("div", { class: "gifapp-recorder" }, ...Object.values(this.starts), this.problem, this.panel);
    // browsers offer them on secure pages only, and phones no screen
    this.starts.screen.hidden = !canRecord("getDisplayMedia");
    this.starts.camera.hidden = !canRecord("getUserMedia");
  }

  /** @param {Kind} kind */
  makeStart(kind) {
    return button(`Record the ${kind}`, "text", () => this.start(kind), kind);
  }

  get isRecording() {
    return this.recording !== null;
  }

  /** @param {Kind} kind */
  async start(kind) {
    this.say("");
    try {
      this.record(await STREAMS[kind](), kind);
    } catch (error) {
      this.say(problemOf(/** @type {DOMException} */ (error), kind));
    }
  }

  /**
   * @param {MediaStream} stream
   * @param {Kind} kind
   */
  record(stream, kind) {
    const mimeType = TYPES.find((type) => MediaRecorder.isTypeSupported(type));
    const recording = (this.recording = new MediaRecorder(stream, { mimeType }));
    /** @type {Blob[]} */
    const pieces = [];
    const began = performance.now();
    recording.ondataavailable = ({ data }) => {
      pieces.push(data);
      this.progress(pieces, (performance.now() - began) / 1000);
    };
    recording.onstop = () => {
      for (const track of stream.getTracks()) track.stop();
      this.finish(recording, pieces, kind);
    };
    // also ended from the browser's own bar
    stream.getVideoTracks()[0].onended = () => recording.state === "recording" && recording.stop();
    recording.start(PIECE_MS);
    this.show(stream);
    this.stop.focus();
  }

  /**
   * @param {Blob[]} pieces
   * @param {number} elapsed_s
   */
  progress(pieces, elapsed_s) {
    const bytes = sum(pieces);
    this.status.textContent = `${inMinutes(elapsed_s)}, ${sizeInWords(bytes)}`;
    const isFull = elapsed_s >= LONGEST_S || bytes >= 0.95 * this.taker.limitBytes();
    if (isFull && this.recording?.state === "recording") this.recording.stop();
  }

  /**
   * @param {MediaRecorder} recording
   * @param {Blob[]} pieces
   * @param {Kind} kind
   */
  finish(recording, pieces, kind) {
    this.show(null);
    this.starts[kind].focus();
    const isWanted = this.recording === recording;
    this.recording = null;
    if (!isWanted) return;
    if (!sum(pieces)) return this.say("Nothing was recorded. Try again.");
    const type = recording.mimeType.split(";")[0];
    this.taker.take([new File(pieces, `${NAMES[kind]} ${now()}.${type.split("/")[1]}`, { type })]);
  }

  discard() {
    const { recording } = this;
    this.recording = null;
    recording?.stop();
  }

  /** @param {MediaStream | null} stream */
  show(stream) {
    this.picture.srcObject = stream;
    this.status.textContent = stream ? "Recording" : "";
    this.panel.hidden = !stream;
    for (const start of Object.values(this.starts)) start.disabled = Boolean(stream);
  }

  /** @param {string} sentence */
  say(sentence) {
    this.problem.textContent = sentence;
    this.problem.hidden = !sentence;
  }
}

/** @param {"getDisplayMedia" | "getUserMedia"} method */
const canRecord = (method) => Boolean(navigator.mediaDevices?.[method] && window.MediaRecorder);
/** @param {Blob[]} pieces */
const sum = (pieces) => pieces.reduce((bytes, piece) => bytes + piece.size, 0);
/** @param {number} seconds */
const inMinutes = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
const now = () => new Date(Date.now() - 60_000 * new Date().getTimezoneOffset()).toISOString().slice(0, 16).replace("T", " ").replace(":", ".");

/**
 * @param {DOMException} error
 * @param {Kind} kind
 */
function problemOf({ name, message }, kind) {
  if (name === "NotAllowedError") return NOT_ALLOWED;
  if (name === "NotFoundError") return kind === "camera" ? "No camera was found." : "There is no screen to record.";
  return `The ${kind} can't be recorded: ${message}`;
}

const DRAG_PX = 6;

// Drags frames of a list to another place until the pointer is released.
export class FrameDrag {
  /**
   * @param {HTMLElement} list
   * @param {(to: number) => void} onDrop  before the frame that is at this place
   */
  constructor(list, onDrop) {
    this.list = list;
    this.onDrop = onDrop;
  }

  /**
   * @param {PointerEvent} from
   * @param {() => void} onClick  if the pointer hardly moved
   */
  begin(from, onClick) {
    let isDragging = false;
    /** @type {number | undefined} */
    let to;
    const stop = new AbortController();
    const { signal } = stop;
    const end = () => {
      stop.abort();
      this.unmark();
    };
    /** @param {PointerEvent} event */
    const drag = (event) => {
      isDragging ||= Math.hypot(event.clientX - from.clientX, event.clientY - from.clientY) > DRAG_PX;
      if (isDragging) to = this.mark(event);
    };
    const drop = () => {
      end();
      if (!isDragging) onClick();
      else if (to !== undefined) this.onDrop(to);
    };
    document.addEventListener("pointermove", drag, { signal });
    document.addEventListener("pointerup", drop, { signal });
    document.addEventListener("pointercancel", end, { signal });
  }

  /**
   * The place of the frame under the pointer.
   * @param {MouseEvent} event
   */
  placeAt(event) {
    const node = document.elementFromPoint(event.clientX, event.clientY)?.closest("[role=option]");
    const place = node ? [...this.list.children].indexOf(node) : -1;
    return place < 0 ? undefined : place;
  }

  /**
   * Shows where the dragged frames would go; returns the place that they would be before.
   * @param {PointerEvent} event
   */
  mark(event) {
    this.unmark();
    const place = this.placeAt(event);
    if (place === undefined) return undefined;
    const node = this.list.children[place];
    const { left, width } = node.getBoundingClientRect();
    const isAfter = event.clientX > left + width / 2;
    node.classList.add(isAfter ? "gifapp-frames__frame--after" : "gifapp-frames__frame--before");
    return place + Number(isAfter);
  }

  unmark() {
    for (const node of this.list.children) node.classList.remove("gifapp-frames__frame--before", "gifapp-frames__frame--after");
  }
}

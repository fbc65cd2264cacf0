/** Bring `target` into the middle of what scrolls around it, and leave the page itself where it is. */
export function centre(scroller: HTMLElement, target: Element): void {
  const frame = scroller.getBoundingClientRect();
  const box = target.getBoundingClientRect();
  const room = Math.max(0, (frame.height - box.height) / 2);
  scroller.scrollTop += box.top - frame.top - Math.max(room, 12);
  const left = box.left - frame.left;
  if (left < 0 || box.right > frame.right) {
    scroller.scrollLeft += left - Math.max(12, (frame.width - box.width) / 2);
  }
}

import type { PDFDocumentProxy } from "pdfjs-dist";
import { useEffect, useState } from "preact/hooks";

const MARGIN = 24;

/** How wide a page is that fits what scrolls around it, in CSS pixels; 0 until that is known. */
export function useWidth(scroller: { current: HTMLElement | null }): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const watched = scroller.current;
    if (!watched) {
      return;
    }
    const observer = new ResizeObserver(() => setWidth(Math.min(watched.clientWidth - MARGIN, 1000)));
    observer.observe(watched);
    return () => observer.disconnect();
  }, [scroller]);
  return width;
}

/** Height by width of the first page: most documents have all alike. */
export function useRatio(pdf: PDFDocumentProxy): number | null {
  const [ratio, setRatio] = useState<number | null>(null);
  useEffect(() => {
    let stale = false;
    const keep = (value: number) => !stale && setRatio(value);
    pdf.getPage(1).then(
      (page) => {
        const { width, height } = page.getViewport({ scale: 1 });
        keep(height / width);
      },
      () => keep(Math.SQRT2),
    );
    return () => {
      stale = true;
    };
  }, [pdf]);
  return ratio;
}

/** The pages that are seen, or soon are. */
export function useNear(
  scroller: { current: HTMLElement | null },
  pdf: PDFDocumentProxy,
  ready: boolean,
): ReadonlySet<number> {
  const [near, setNear] = useState<ReadonlySet<number>>(new Set());
  // another document has other pages
  useEffect(() => {
    const root = scroller.current;
    if (!root || !ready) {
      return;
    }
    const observer = new IntersectionObserver(
      (entries) => {
        setNear((old) => {
          const now = new Set(old);
          for (const { target, isIntersecting } of entries) {
            const number = Number((target as HTMLElement).dataset.page);
            if (isIntersecting) {
              now.add(number);
            } else {
              now.delete(number);
            }
          }
          return now;
        });
      },
      { root, rootMargin: "800px 0px" },
    );
    for (const page of root.querySelectorAll("[data-page]")) {
      observer.observe(page);
    }
    return () => observer.disconnect();
  }, [scroller, pdf, ready]);
  return near;
}

/** Whether this device gets the full-page redirect instead of a popup: phones, and tablets in portrait (wire/4). */
export function needsRedirect(): boolean {
  const { innerWidth: width, innerHeight: height, navigator } = window;
  const isTouch = 'ontouchstart' in window || navigator.maxTouchPoints > 0;
  const isMobileAgent = /Android|webOS|iPhone|iPad|iPod|BlackBerry|IEMobile|Opera Mini/i.test(
    navigator.userAgent,
  );
  const isMobile = isMobileAgent || (isTouch && width <= 768);
  return isMobile && (width <= 480 || (width <= 1024 && height > width));
}

/** Opens or reuses the connect window, 500 × 700 in the middle of this one; null when the browser blocks it. */
export function openPopup(href: string): Window | null {
  const left = window.screenX + (window.outerWidth - 500) / 2;
  const top = window.screenY + (window.outerHeight - 700) / 2;
  const popup = window.open(
    href,
    'alter_oauth_popup',
    `width=500,height=700,left=${left},top=${top},resizable=yes,scrollbars=yes,status=yes`,
  );
  return popup && !popup.closed ? popup : null;
}

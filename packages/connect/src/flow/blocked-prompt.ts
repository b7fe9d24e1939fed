/** What the prompt offers when the browser blocked the window. */
export interface PromptChoices {
  /** The connect page, once the token is there. */
  href: string;
  openWindow: () => void;
  useThisTab: () => void;
  cancel: () => void;
}

/** Puts a small dialog with a link to continue into the page; returns how to remove it. */
export function showBlockedPrompt(choices: PromptChoices): () => void {
  const box = document.createElement('div');
  const focusedBefore = document.activeElement as HTMLElement | null;
  box.setAttribute('role', 'dialog');
  box.setAttribute('aria-label', 'Continue connecting');
  // System colours follow the page's light or dark scheme; set through the CSSOM, which a strict CSP allows.
  box.style.cssText =
    'position:fixed;z-index:2147483647;inset:auto 16px 16px;max-width:360px;margin:auto;padding:16px;' +
    'border:1px solid;border-radius:8px;background:Canvas;color:CanvasText;font:16px/1.5 system-ui';
  const add = (tag: 'a' | 'button', text: string, act: () => void): HTMLElement => {
    const control = document.createElement(tag);
    if (tag === 'a') control.setAttribute('href', choices.href);
    control.textContent = text;
    control.style.cssText = 'padding:8px 16px 0 0;border:0;background:none;font:inherit;color:LinkText';
    control.onclick = (event) => {
      event.preventDefault();
      act();
    };
    box.append(control);
    return control;
  };
  box.append('Your browser blocked the connect window.', document.createElement('br'));
  const first = add('a', 'Continue', choices.openWindow);
  add('a', 'Use this tab', choices.useThisTab);
  add('button', 'Cancel', choices.cancel);
  box.onkeydown = (event) => {
    if (event.key === 'Escape') choices.cancel();
  };
  document.body.append(box);
  first.focus();
  return () => {
    if (!box.isConnected) return;
    box.remove();
    focusedBefore?.focus?.();
  };
}

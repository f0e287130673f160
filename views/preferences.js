// Keeps the reader's choices in a cookie, and the theme where Streamlit looks for it when a page is loaded.
export default function ({ data }) {
  document.cookie = data.cookie;
  const own = `stActiveTheme-${location.pathname}-v2`;
  const before = localStorage.getItem(own);
  for (const path of data.paths) localStorage.setItem(`stActiveTheme-${path}-v2`, JSON.stringify(data.theme));
  const now = localStorage.getItem(own);
  if (before !== now && (before || '"System"') !== now) location.reload();
}

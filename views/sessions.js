// Keeps the token of a login in a cookie. Where the page came over HTTPS, it is sent over nothing else.
export default function ({ data }) {
  document.cookie = data.cookie + (location.protocol === "https:" ? "; Secure" : "");
}

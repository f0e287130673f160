// Keeps a cookie: the token of a login, or the address at which one with an account began. Where the page came over HTTPS, it is sent over nothing else.
export default function ({ data }) {
  document.cookie = data.cookie + (location.protocol === "https:" ? "; Secure" : "");
}

// A button that copies data.text. navigator.clipboard exists only where the page is served over HTTPS or locally.
export default function ({ parentElement, data }) {
  let button = parentElement.querySelector("button");
  if (!button) {
    button = document.createElement("button");
    button.style.cssText =
      "font:inherit;font-size:.875rem;color:inherit;background:none;border:0;padding:.25rem .4rem;cursor:pointer;white-space:nowrap";
    parentElement.append(button);
  }
  button.textContent = data.label;
  button.onclick = async () => {
    if (navigator.clipboard) {
      await navigator.clipboard.writeText(data.text);
    } else {
      const field = document.createElement("textarea");
      field.value = data.text;
      document.body.append(field);
      field.select();
      document.execCommand("copy");
      field.remove();
    }
    button.textContent = data.copied;
    setTimeout(() => (button.textContent = data.label), 2000);
  };
}

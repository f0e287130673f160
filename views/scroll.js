// Brings the turn that is being answered to the top of the window when it appears, and never again.
export default function ({ parentElement, data }) {
  if (parentElement.yjDone) return;
  parentElement.yjDone = true;
  requestAnimationFrame(() => {
    const turn = document.querySelector(`.st-key-yj-last-${data.number}, .st-key-yj-turn-${data.number}`);
    turn?.scrollIntoView({ block: "start" });
  });
}

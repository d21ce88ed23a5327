// Hears one rhyme chain alone: by pointer, by touch, or by the arrow keys when the lyrics have the focus.
"use strict";

const lyrics = document.getElementById("lyrics");
const note = document.getElementById("chain-note");
const described = lyrics ? JSON.parse(document.getElementById("chains").textContent) : {};
const syllables = lyrics ? [...lyrics.querySelectorAll(".s")] : [];
let here = -1;
let pinned = false;

const chainsOf = (element) => element.dataset.c.split(" ");

// A syllable may belong to several chains; the longest described comes first in its list of pieces.
const isolate = (element) => {
  const wanted = new Set(chainsOf(element));
  lyrics.classList.add("alone");
  for (const other of syllables) other.classList.toggle("on", chainsOf(other).some((chain) => wanted.has(chain)));
  note.textContent = [...wanted].map((chain) => described[chain]).join(" · ");
};

const release = () => {
  lyrics.classList.remove("alone");
  for (const other of syllables) other.classList.remove("on");
  note.textContent = note.dataset.rest;
};

const move = (step) => {
  if (here >= 0) syllables[here].classList.remove("here");
  here = (here + step + syllables.length) % syllables.length;
  syllables[here].classList.add("here");
  syllables[here].scrollIntoView({ block: "nearest" });
  isolate(syllables[here]);
};

const leave = () => {
  if (here >= 0) syllables[here].classList.remove("here");
  here = -1;
  pinned = false;
  release();
};

if (syllables.length) {
  lyrics.addEventListener("pointerover", (event) => {
    const target = event.target.closest(".s");
    if (pinned || here >= 0) return;
    if (target) isolate(target);
    else release();
  });
  lyrics.addEventListener("pointerleave", () => pinned || here >= 0 || release());
  lyrics.addEventListener("click", (event) => {
    const target = event.target.closest(".s");
    leave();
    if (!target) return;
    isolate(target);
    pinned = true;
  });
  lyrics.addEventListener("keydown", (event) => {
    const steps = { ArrowRight: 1, ArrowLeft: -1 };
    if (event.key in steps) {
      event.preventDefault();
      move(here < 0 && steps[event.key] < 0 ? 0 : steps[event.key]);
    } else if (event.key === "Escape") leave();
  });
  lyrics.addEventListener("blur", leave);
}

// Formats numbers and times for people.

/** Formats a number from 0 to 1 as percent, such as 97.3 %. Values close to 0 or 1 become < 0.1 % or > 99.9 %. */
export function percent(share) {
  const value = share * 100;
  if (value > 0 && value < 0.1) return "< 0.1 %";
  if (value < 100 && value > 99.9) return "> 99.9 %";
  return `${value.toFixed(1)} %`;
}

/** Formats a large number in thousands, millions or thousand millions: 44.4 K, 6.99 M, 1.58 G. */
export function short(number) {
  if (number === null || number === undefined) return "?";
  for (const [size, letter] of [[1e9, "G"], [1e6, "M"], [1e4, "K"]]) {
    if (number >= size) {
      const scaled = number / (letter === "K" ? 1e3 : size);
      return `${scaled >= 100 ? scaled.toFixed(0) : scaled >= 10 ? scaled.toFixed(1) : scaled.toFixed(2)} ${letter}`;
    }
  }
  return number.toLocaleString("en");
}

/** Formats a number of bytes, such as 12.4 MiB. */
export function bytes(number) {
  if (number === null || number === undefined) return "?";
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  while (number >= 1024 && unit < units.length - 1) {
    number /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? number : number.toFixed(1)} ${units[unit]}`;
}

/** Formats a shape, such as 64 × 56 × 56. */
export function shape(dimensions) {
  return dimensions ? dimensions.map((size) => size ?? "?").join(" × ") : "?";
}

/** Returns the first characters of a text, at most `most`. A character of two code units, such as an emoji, is not cut in half. */
export function shortened(text, most) {
  return text.slice(0, most).replace(/[\uD800-\uDBFF]$/, "");
}

/** Formats a number with its noun: 1 image, 2 images, 3 classes. */
export function count(number, noun, plural = `${noun}s`) {
  return `${number.toLocaleString("en")} ${number === 1 ? noun : plural}`;
}

/** Formats a duration, given in seconds: 40 s, 3 min, 1.5 h. */
export function duration(seconds) {
  if (seconds < 90) return `${Math.max(0, Math.round(seconds))} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

/** Formats a time, given in seconds since 1970, in the reader's language. */
export function time(seconds) {
  return new Date(seconds * 1000).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}

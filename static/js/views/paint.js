// Strokes onto a canvas. Knows nothing of lessons: a stroke, a context, a scale.

// Points are in 1/10000 of the page's width; `width` is the canvas's width in its own pixels.
export function paint(context, { points, color, width }, canvasWidth) {
  if (!points.length) return;
  const unit = canvasWidth / 10_000;
  const at = points.map(([x, y]) => [x * unit, y * unit]);
  context.strokeStyle = context.fillStyle = color;
  context.lineWidth = Math.max(1, width * unit);
  context.lineCap = context.lineJoin = "round";
  context.beginPath();
  if (at.length === 1) dot(context, at[0]);
  else curve(context, at);
}

function dot(context, [x, y]) {
  context.arc(x, y, context.lineWidth / 2, 0, 2 * Math.PI);
  context.fill();
}

// Through the middles of the segments, with the points as handles: a line without corners that
// does not change behind the pen as it grows.
function curve(context, at) {
  context.moveTo(...at[0]);
  for (let i = 1; i < at.length - 1; i++) {
    const [[x, y], [nx, ny]] = [at[i], at[i + 1]];
    context.quadraticCurveTo(x, y, (x + nx) / 2, (y + ny) / 2);
  }
  context.lineTo(...at[at.length - 1]);
  context.stroke();
}

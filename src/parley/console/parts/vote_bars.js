// How a vote came out: one bar for each choice that was named, its seats as dots.
import { html } from "../html.js";

export function VoteBars({ result, choices }) {
  const { vote } = result.meta;
  const tally = new Map(vote.tally.map((row) => [row.choice, row]));
  const rows = choices.map((choice) => tally.get(choice) ?? { choice, votes: 0, seats: [] });
  const all = Math.max(1, vote.tally.reduce((sum, row) => sum + row.votes, 0));
  return html`
    <div class="vote">
      <p class="verdict">${result.data} <span class="soft small">${how(vote)}</span></p>
      <ul>
        ${rows.map((row) => html`
          <li class=${row.choice === result.data ? "won" : ""}>
            <span class="choice">${row.choice}</span>
            <meter min="0" max=${all} value=${row.votes} aria-label=${`${row.choice}: ${row.votes} of ${all}`}></meter>
            <span class="number">${row.votes}</span>
            <span class="voters">${row.seats.map((index) => html`<i class=${`dot seat-${index % 8}`} title=${`seat ${index + 1}`}></i>`)}</span>
          </li>
        `)}
      </ul>
    </div>
  `;
}

function how(vote) {
  const share = `${Math.round(vote.share * 100)} % of the valid votes`;
  if (!vote.tie) return share;
  return vote.tie_break === "judge" ? `${share}; the tie was settled by the judge` : `${share}; the tie went to the earliest seat`;
}

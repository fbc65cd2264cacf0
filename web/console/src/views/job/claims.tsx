import type { Claim } from "../../results/claims";
import { amount, isMoney, number, plural } from "../../results/format";
import { Icon } from "../../ui/icon";
import { Badge } from "../../ui/parts";
import { Quotes } from "./quote";

interface Props {
  claims: readonly Claim[];
  selected: number | null;
  onJump: (id: number) => void;
}

export function Points({ claims, ...rest }: Props) {
  return (
    <section class="card claims" aria-labelledby="points-title">
      <h2 id="points-title">Key points</h2>
      <ol>
        {claims.map((claim, index) =>
          claim.kind === "point" ? (
            <li class="claim" key={index}>
              <p>{claim.text}</p>
              <Quotes quotes={claim.quotes} {...rest} />
            </li>
          ) : null,
        )}
      </ol>
    </section>
  );
}

export function Fields({ claims, ...rest }: Props) {
  return (
    <section class="card claims" aria-labelledby="fields-title">
      <h2 id="fields-title">Fields</h2>
      <ul>
        {claims.map((claim) =>
          claim.kind === "field" ? (
            <li class="claim" key={claim.name} data-field={claim.name}>
              <p class="claim-name wrap">{claim.name}</p>
              <div class="claim-value">
                <Value value={claim.value} unit={claim.unit} onPress={first(claim, rest.onJump)} />
              </div>
              <Quotes quotes={claim.quotes} {...rest} />
            </li>
          ) : null,
        )}
      </ul>
    </section>
  );
}

const BASIS: Record<string, string> = {
  stated: "The document says so",
  contradicted: "The document says otherwise",
  not_mentioned: "The document does not mention it",
};

/** A criterion fails although the document is said to state it where no quote of that was found. */
function basisOf({ verdict, basis }: { verdict: string; basis: string }): string {
  return verdict === "fail" && basis === "stated" ? "No quote for it was found" : (BASIS[basis] ?? basis);
}

export function Criteria({ claims, ...rest }: Props) {
  const passed = claims.filter((claim) => claim.kind === "criterion" && claim.verdict === "pass").length;
  return (
    <section class="card claims" aria-labelledby="criteria-title">
      <div class="row apart">
        <h2 id="criteria-title">Criteria</h2>
        <p class="small muted number">
          {passed} of {plural(claims.length, "criterion", "criteria")} pass
        </p>
      </div>
      <ul>
        {claims.map((claim) =>
          claim.kind === "criterion" ? (
            <li class="claim" key={claim.id} data-criterion={claim.id}>
              <div class="row">
                <Badge
                  tone={claim.verdict === "pass" ? "good" : "bad"}
                  icon={claim.verdict === "pass" ? "check" : "cross"}
                >
                  {claim.verdict}
                </Badge>
                <span class="small muted">{basisOf(claim)}</span>
                <code class="small muted claim-id">{claim.id}</code>
              </div>
              <p class="claim-criterion">{claim.criterion}</p>
              <p class="muted">{claim.reasoning}</p>
              <Quotes quotes={claim.quotes} {...rest} />
            </li>
          ) : null,
        )}
      </ul>
    </section>
  );
}

/** Where a press on the value goes: its first quote. */
function first(claim: Claim, onJump: (id: number) => void): (() => void) | null {
  const [quote] = claim.quotes;
  return quote === undefined ? null : () => onJump(quote.id);
}

function Value(props: { value: unknown; unit: string | null; onPress: (() => void) | null }) {
  const { value, unit, onPress } = props;
  if (value === null || value === undefined) {
    return <span class="muted">Not stated</span>;
  }
  const shown = <Shown value={value} unit={unit} />;
  return onPress && !isLong(value) ? (
    <button type="button" class="value-button" onClick={onPress} title="Show it in the document">
      {shown}
      <Icon name="arrow" size={12} />
    </button>
  ) : (
    shown
  );
}

function Shown({ value, unit }: { value: unknown; unit: string | null }) {
  if (isMoney(value)) {
    return (
      <span class="number">
        {value.currency ? <span class="muted">{value.currency} </span> : null}
        {amount(value.amount)}
      </span>
    );
  }
  if (typeof value === "number") {
    return (
      <span class="number">
        {number(value)}
        {unit ? <span class="muted"> {unit}</span> : null}
      </span>
    );
  }
  if (typeof value === "boolean") {
    return <>{value ? "Yes" : "No"}</>;
  }
  if (Array.isArray(value)) {
    return value.length === 0 ? (
      <span class="muted">None</span>
    ) : (
      <ul class="value-list">
        {value.map((item, index) => (
          <li key={index}>
            <Shown value={item} unit={null} />
          </li>
        ))}
      </ul>
    );
  }
  if (typeof value === "object" && value !== null) {
    return (
      <dl class="value-object">
        {Object.entries(value).map(([name, item]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              {item === null ? <span class="muted">Not stated</span> : <Shown value={item} unit={null} />}
            </dd>
          </div>
        ))}
      </dl>
    );
  }
  return <span class="wrap">{String(value)}</span>;
}

function isLong(value: unknown): boolean {
  return typeof value === "object" && value !== null && !isMoney(value);
}

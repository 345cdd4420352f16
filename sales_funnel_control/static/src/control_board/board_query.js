import {omit, pick} from "@web/core/utils/objects";

/** What the board can be asked for, as it stands in the address: only what is not usual. */
const KEYS = ["team", "weeks", "from", "to", "role", "adjust", "age", "compare", "sort", "find"];

export const STRATA = ["lead_class", "source_id", "sales_role", "country_id"];
export const PERIODS = [1, 2, 4, 13];
export const USUAL = Object.freeze({
    team: false,
    weeks: 13,
    from: "",
    to: "",
    role: "",
    adjust: "",
    age: "mature",
    compare: "",
    sort: "name",
    find: "",
});

/**
 * @param {Object} state of the router
 * @returns {Object} the query that the address asks for
 */
export function queryFromUrl(state) {
    const query = {...USUAL, ...pick(state, ...KEYS)};
    return {...query, team: Number(query.team) || false, weeks: Number(query.weeks) || 13};
}

/**
 * @param {Object} query
 * @returns {Object} keys of the address; undefined takes a key out of it
 */
export function queryToUrl(query) {
    return Object.fromEntries(
        KEYS.map((key) => [key, query[key] === USUAL[key] ? undefined : query[key]])
    );
}

/**
 * @param {Object} query
 * @returns {Object} arguments of `get_board`
 */
export function boardArguments(query) {
    return {
        team_id: query.team || null,
        date_from: query.from || null,
        date_to: query.to || null,
        weeks: query.from ? null : query.weeks,
        role: query.role || null,
        mature_only: query.age === "mature",
        adjust_for: query.adjust ? query.adjust.split(",") : [],
        compare: Boolean(query.compare),
    };
}

/**
 * @param {Object} query
 * @param {Number} team that the board shows
 * @returns {Object} the address of the board again, but for what only orders or finds managers
 */
export function workbookQuery(query, team) {
    const asked = omit(queryToUrl({...query, team}), "sort", "find");
    return Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined));
}

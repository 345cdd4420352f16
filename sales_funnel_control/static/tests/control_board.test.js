import {expect, test} from "@odoo/hoot";
import {
    animationFrame,
    Deferred,
    press,
    queryAllTexts,
    queryOne,
    queryText,
    waitFor,
} from "@odoo/hoot-dom";
import {defineMailModels} from "@mail/../tests/mail_test_helpers";
import {
    contains,
    defineActions,
    getService,
    makeMockEnv,
    mountWithCleanup,
    onRpc,
    preloadBundle,
} from "@web/../tests/web_test_helpers";
import {omit} from "@web/core/utils/objects";
import {redirect} from "@web/core/utils/urls";
import {router} from "@web/core/browser/router";
import {WebClient} from "@web/webclient/webclient";
import {
    boardArguments,
    queryFromUrl,
    queryToUrl,
    workbookQuery,
} from "@sales_funnel_control/control_board/board_query";
import {figureChart} from "@sales_funnel_control/control_board/figure_chart";

defineMailModels();
preloadBundle("web.chartjs_lib");

const MATRIX = ".o_board_matrix tbody";

function rates(changes) {
    return {
        entered: 200,
        advanced: 140,
        rate: 70,
        low: 63.3,
        high: 75.9,
        target: 80,
        gap: -10,
        young_entered: 0,
        young_advanced: 0,
        young_rate: false,
        previous_rate: false,
        previous_entered: false,
        ...changes,
    };
}

function manager(id, name, changes) {
    return {
        key: `${id}-hunter`,
        id,
        name,
        sales_role: "hunter",
        role_name: "Hunter",
        color: id,
        entered: 200,
        mature_share: 92,
        path_rate: 45,
        worst_gap: -10,
        ...changes,
    };
}

function cell(id, changes) {
    return {
        key: `${id}-hunter`,
        manager: id,
        transition: 3,
        ...rates(),
        adjusted_rate: false,
        missing: 0,
        verdict: "below",
        explanation: "140 of 200 mature entries, 70 %, target 80 %: below, beyond chance.",
        ...changes,
    };
}

function makeBoard(changes) {
    return {
        team: {id: 5, name: "Hunters"},
        teams: [
            {id: 5, name: "Hunters"},
            {id: 6, name: "Farmers"},
        ],
        period: {
            date_from: "2026-08-24",
            date_to: "2026-11-22",
            previous_from: "2026-05-25",
            previous_to: "2026-08-23",
        },
        minimum: 20,
        tolerance: 5,
        sees_team: true,
        transitions: [
            {
                id: 3,
                name: "Presentation",
                from_id: 2,
                from_name: "Acquaintance",
                is_former: false,
                horizon: 7,
                ...rates({entered: 410, advanced: 330}),
            },
        ],
        path: {rate: 47, target: 61},
        managers: [manager(1, "Ivanov"), manager(2, "Sidorov", {worst_gap: 10})],
        cells: [
            cell(1, {young_entered: 10, young_advanced: 4, young_rate: 40}),
            cell(2, {
                rate: 90,
                gap: 10,
                low: 85,
                high: 93,
                verdict: "above",
                entered: 210,
                advanced: 190,
                explanation: "",
            }),
        ],
        teach: [
            {
                learner: 1,
                learner_key: "1-hunter",
                teacher: 2,
                teacher_key: "2-hunter",
                transition: 3,
                learner_rate: 70,
                teacher_rate: 90,
            },
        ],
        standing: {count: 9, without_next_step: 4, over_normal_time: 0, over_cycle: 3},
        freshness: {
            clients: 40,
            verified: 6,
            stale: 25,
            rate: 15,
            norm: 20,
            gap: -5,
            period: "year",
        },
        now: [
            {
                id: 2,
                name: "Acquaintance",
                normal_days: 7,
                count: 9,
                without_next_step: 4,
                over_normal_time: 0,
                over_cycle: 3,
                managers: [
                    {
                        manager: "1-hunter",
                        name: "Ivanov",
                        count: 9,
                        without_next_step: 4,
                        over_normal_time: 0,
                        over_cycle: 3,
                    },
                ],
            },
        ],
        flow: [
            {
                transition: 3,
                weeks: [{week_start: "2026-11-16", exits: 4, advanced: 3, rate: 75}],
            },
        ],
        refusals: {
            total: 2,
            spam: 1,
            unreviewed: 2,
            reasons: [{id: 1, name: "No budget", count: 2, share: 100, running: 100}],
        },
        ...changes,
    };
}

async function openBoard(answer = () => makeBoard()) {
    onRpc("crm.control.board", "get_board", ({kwargs}) => {
        expect.step(Object.fromEntries(Object.entries(omit(kwargs, "context"))));
        return answer(kwargs);
    });
    await mountWithCleanup(WebClient);
    await getService("action").doAction({
        type: "ir.actions.client",
        tag: "sales_funnel_control.control_board",
        name: "Control Board",
    });
}

const FIRST = {
    team_id: null,
    date_from: null,
    date_to: null,
    weeks: 13,
    role: null,
    mature_only: true,
    adjust_for: [],
    compare: false,
};

test("the matrix says rate, counts, interval and verdict in a word and a shape", async () => {
    await openBoard();
    expect.verifySteps([FIRST]);
    expect(queryAllTexts(`${MATRIX} tr:eq(0) td`)[0].replace(/\s+/g, " ")).toBe(
        "70 % 140 of 200 ▼ below 63–76, gap −10 young: 4 of 10"
    );
    expect(queryAllTexts(`${MATRIX} tr:eq(1) td`)[0].replace(/\s+/g, " ")).toBe(
        "90 % 190 of 210 ▲ above 85–93, gap +10"
    );
    expect(`${MATRIX} tr:eq(0) td button`).toHaveAttribute(
        "data-tooltip",
        "140 of 200 mature entries, 70 %, target 80 %: below, beyond chance."
    );
    expect(queryText(".o_board_matrix tfoot td").replace(/\s+/g, " ")).toBe("70 % 330 of 410");
});

test("the chart draws what the payload says, the young part apart", async () => {
    await makeMockEnv();
    const board = makeBoard();
    const {data} = figureChart(board, board.managers, () => {});
    expect(data.labels.map((lines) => lines.map(String))).toEqual([
        ["Presentation", "target 80 %"],
    ]);
    expect(data.targets).toEqual([80]);
    expect(data.datasets.map((dataset) => [dataset.label, dataset.data])).toEqual([
        ["Ivanov", [70]],
        ["Sidorov", [90]],
    ]);
    expect(data.datasets[0].young).toEqual([40]);
    expect(data.datasets[1].young).toEqual([null]);
    expect(data.datasets[0].intervals).toEqual([[63.3, 75.9]]);
    expect(data.datasets[0].backgroundColor).not.toBe(data.datasets[1].backgroundColor);
});

test("every bar has a sentence", async () => {
    await openBoard();
    expect.verifySteps([FIRST]);
    expect(queryAllTexts(".o_board_figure .visually-hidden li")).toEqual([
        "Ivanov, Presentation: 70 %, target 80 %",
        "Sidorov, Presentation: 90 %, target 80 %",
    ]);
});

test("advice: who teaches whom, and a plan for it", async () => {
    onRpc("crm.control.board", "get_plan_action", ({args}) => {
        expect.step(args);
        return {type: "ir.actions.act_window_close"};
    });
    await openBoard();
    expect.verifySteps([FIRST]);
    expect(queryText(".o_board_lesson p")).toBe(
        "Sidorov can teach Ivanov: Presentation (90 % against 70 %)"
    );
    await contains(".o_board_lesson .btn:contains(Plan Mentoring)").click();
    expect.verifySteps([[1, "Mentoring by Sidorov: Presentation"]]);
    expect(".o_board_advice").toHaveText(/4 clients in work have no next step/);
});

test("one request per change, and the address keeps what was asked for", async () => {
    await openBoard();
    expect.verifySteps([FIRST]);
    await contains(".o_board_controls select[name=period]").select("4");
    expect.verifySteps([{...FIRST, weeks: 4}]);
    await contains(".o_board_controls input[name=age]").click();
    expect.verifySteps([{...FIRST, weeks: 4, mature_only: false}]);
    await contains(".o_board_controls select[name=role]").select("hunter");
    expect.verifySteps([{...FIRST, weeks: 4, mature_only: false, role: "hunter"}]);
    await animationFrame();
    expect(router.current).toInclude(["weeks", 4]);
    expect(router.current).toInclude(["age", "all"]);
    expect(router.current).toInclude(["role", "hunter"]);
});

test("a board opened by its address shows what it says, and keeps it", async () => {
    onRpc("crm.control.board", "get_board", ({kwargs}) => {
        expect.step([kwargs.weeks, kwargs.mature_only]);
        return makeBoard();
    });
    defineActions([
        {
            id: 1,
            name: "Control Board",
            path: "control-board",
            tag: "sales_funnel_control.control_board",
            type: "ir.actions.client",
        },
    ]);
    redirect("/odoo/control-board?weeks=4&age=all");
    await mountWithCleanup(WebClient);
    await waitFor(".o_board_controls");
    expect.verifySteps([[4, false]]);
    expect(".o_board_controls select[name=period]").toHaveValue("4");
    await animationFrame();
    expect(router.current).toInclude(["weeks", 4]);
    expect(router.current).toInclude(["age", "all"]);
});

test("a custom period begins with the present one", async () => {
    await openBoard();
    expect.verifySteps([FIRST]);
    await contains(".o_board_controls select[name=period]").select("custom");
    expect.verifySteps([{...FIRST, weeks: null, date_from: "2026-08-24", date_to: "2026-11-22"}]);
});

test("an older answer never overwrites a newer one", async () => {
    const slow = new Deferred();
    await openBoard(({weeks}) =>
        weeks === 1 ? slow : makeBoard({team: {id: 5, name: `Weeks ${weeks}`}})
    );
    await contains(".o_board_controls select[name=period]").select("1");
    await contains(".o_board_controls select[name=period]").select("2");
    await animationFrame();
    expect(".o_board_heading").toHaveText(/Weeks 2/);
    slow.resolve(makeBoard({team: {id: 5, name: "Weeks 1"}}));
    await animationFrame();
    expect(".o_board_heading").toHaveText(/Weeks 2/);
    expect.verifySteps([FIRST, {...FIRST, weeks: 1}, {...FIRST, weeks: 2}]);
});

test("strata of the mix are chosen with the keyboard", async () => {
    await openBoard();
    expect.verifySteps([FIRST]);
    queryOne(".o_board_controls button[name=adjust]").focus();
    await press("Enter");
    await animationFrame();
    await contains(".o_board_strata .o-dropdown-item:contains(Class)").click();
    expect.verifySteps([{...FIRST, adjust_for: ["lead_class"]}]);
    expect(".o_board_controls button[name=adjust]").toHaveText(/Adjusted for Class/);
    await contains(".o_board_strata .o-dropdown-item:contains(Source)").click();
    expect.verifySteps([{...FIRST, adjust_for: ["lead_class", "source_id"]}]);
});

test("many managers are found, ranked and not all drawn", async () => {
    const managers = Array.from({length: 60}, (_each, number) =>
        manager(number + 1, `Manager ${number + 1}`, {
            worst_gap: number ? number - 30 : false,
        })
    );
    const cells = managers.map(({id}) => cell(id));
    await openBoard(() => makeBoard({managers, cells, teach: []}));
    expect.verifySteps([FIRST]);
    expect(`${MATRIX} tr`).toHaveCount(60);
    expect(".o_board_legend").toHaveText(/and 52 more in the table/);
    await contains(".o_board_ranking select").select("best");
    expect(`${MATRIX} tr:eq(0) th`).toHaveText(/Manager 60/);
    expect(`${MATRIX} tr:eq(59) th`).toHaveText(/Manager 1$/m);
    await contains(".o_board_ranking select").select("worst");
    expect(`${MATRIX} tr:eq(0) th`).toHaveText(/Manager 2$/m);
    expect(`${MATRIX} tr:eq(59) th`).toHaveText(/Manager 1$/m);
    await contains(".o_board_ranking input").edit("manager 7", {confirm: false});
    expect(`${MATRIX} tr`).toHaveCount(1);
    expect.verifySteps([]);
});

test("an empty period says what to do", async () => {
    const nothing = rates({entered: 0, advanced: 0, rate: false, low: false, high: false});
    await openBoard(() =>
        makeBoard({
            transitions: [{...makeBoard().transitions[0], ...nothing}],
            managers: [],
            cells: [],
            teach: [],
        })
    );
    expect.verifySteps([FIRST]);
    expect(".o_board_empty").toHaveText(/Choose a longer period/);
    expect(".o_board_figure").toHaveCount(0);
});

test("the leads behind a cell", async () => {
    onRpc("crm.control.board", "get_entries_action", ({args}) => {
        expect.step(args);
        return {type: "ir.actions.act_window_close"};
    });
    await openBoard();
    await contains(`${MATRIX} tr:eq(0) td button`).click();
    await contains(".o_board_matrix tfoot td button").click();
    const options = {...FIRST, team_id: 5};
    expect.verifySteps([FIRST, [3, options, 1, "hunter", null], [3, options, null, null, null]]);
});

test("managers of a stage are unfolded", async () => {
    await openBoard();
    expect.verifySteps([FIRST]);
    expect(".o_board_standing_manager").toHaveCount(0);
    await contains(".o_board_standing tbody th button").click();
    expect(queryText(".o_board_standing_manager").replace(/\s+/g, " ")).toBe("Ivanov 9 4 0 3");
});

test("the clients past the normal cycle are opened, of a stage and of all", async () => {
    onRpc("crm.control.board", "get_standing_action", ({args, kwargs}) => {
        expect.step([args[0], kwargs.lacking]);
        return {type: "ir.actions.act_window_close"};
    });
    await openBoard();
    await contains(".o_board_standing tbody td:last-child button").click();
    await contains(".o_board_item:contains(past the normal cycle) button").click();
    expect.verifySteps([FIRST, [2, "cycle"], [null, "cycle"]]);
});

test("the definitions are one click away", async () => {
    await openBoard();
    expect.verifySteps([FIRST]);
    await contains(".o_board_definitions").click();
    expect(".modal .o_board_definitions_list").toHaveText(/Acquaintance → Presentation 7 days/);
});

test("the address is read and written without loss", () => {
    const url = {team: 6, weeks: 4, adjust: "lead_class,source_id", age: "all", other: "x"};
    const query = queryFromUrl(url);
    expect(boardArguments(query)).toEqual({
        ...FIRST,
        team_id: 6,
        weeks: 4,
        adjust_for: ["lead_class", "source_id"],
        mature_only: false,
    });
    const written = Object.fromEntries(
        Object.entries(queryToUrl(query)).filter((entry) => entry[1] !== undefined)
    );
    expect(written).toEqual({team: 6, weeks: 4, adjust: "lead_class,source_id", age: "all"});
});

test("the workbook is asked for what the board shows", () => {
    const query = queryFromUrl({weeks: 4, age: "all", sort: "worst", find: "Iva"});
    expect(workbookQuery(query, 5)).toEqual({team: 5, weeks: 4, age: "all"});
});

test("how much of the base is verified, and the clients behind it", async () => {
    onRpc("crm.control.board", "get_freshness_action", ({kwargs}) => {
        expect.step(omit(kwargs, "context"));
        return {type: "ir.actions.act_window_close"};
    });
    await openBoard();
    expect.verifySteps([FIRST]);
    expect(".o_board_freshness h2").toHaveText(
        /Base verified: 15 %, norm 20 % a year\s*below the norm/
    );
    await contains(".o_board_freshness button:contains(6 of 40 clients)").click();
    await contains(".o_board_freshness button:contains(25 to verify)").click();
    expect.verifySteps([
        {team_id: 5, role: null, kind: "verified"},
        {team_id: 5, role: null, kind: "stale"},
    ]);
});

test("a norm that is met", async () => {
    const freshness = {...makeBoard().freshness, rate: 31, gap: 6, norm: 25, period: "quarter"};
    await openBoard(() => makeBoard({freshness: {...freshness, stale: 0}}));
    expect.verifySteps([FIRST]);
    expect(".o_board_freshness h2").toHaveText(
        /Base verified: 31 %, norm 25 % a quarter\s*norm met/
    );
    expect(".o_board_freshness button:contains(to verify)").toHaveCount(0);
});

test("a team without clients has no share of them", async () => {
    await openBoard(() =>
        makeBoard({freshness: {...makeBoard().freshness, clients: 0, rate: false, gap: false}})
    );
    expect.verifySteps([FIRST]);
    expect(".o_board_freshness").toHaveCount(0);
});

import {expect, test} from "@odoo/hoot";
import {animationFrame, Deferred, queryAllTexts, queryText} from "@odoo/hoot-dom";
import {defineMailModels} from "@mail/../tests/mail_test_helpers";
import {
    contains,
    defineModels,
    fields,
    makeMockEnv,
    mockService,
    models,
    mountView,
    onRpc,
    preloadBundle,
    toggleMenuItem,
    toggleSearchBarMenu,
} from "@web/../tests/web_test_helpers";
import {paretoChart} from "@sales_funnel_control/refusal_pareto/pareto_chart";

class Refusal extends models.Model {
    _name = "crm.lead.refusal";

    cause_group = fields.Selection({
        selection: [
            ["price", "Price"],
            ["timing", "Timing"],
        ],
    });
    user_id = fields.Many2one({relation: "res.users"});
}

defineModels([Refusal]);
defineMailModels();
preloadBundle("web.chartjs_lib");

const CAUSES = ".o_refusal_causes tbody";
const MANAGERS = ".o_refusal_managers tbody";
const PRICE = [["cause_group", "=", "price"]];

function cause(key, name, count, share, running) {
    return {
        key,
        name,
        count,
        share,
        running,
        amount: 7000 * count,
        amount_text: `${7 * count},000 ₽`,
        domain: [["cause_group", "=", key]],
    };
}

function cell(key, changes) {
    return {
        cause: key,
        observed: 20,
        expected: 12.5,
        expected_text: "12.5",
        verdict: "as_team",
        explanation: "20 of 40 refusals; with the team's share it would be 12.5.",
        domain: [["cause_group", "=", key]],
        ...changes,
    };
}

function manager(id, name, cells) {
    return {id, name, sales_role: "hunter", role_name: "Hunter", total: 40, cells};
}

function makePareto(changes) {
    return {
        group_by: "cause_group",
        group_name: "Cause Group",
        total: 120,
        spam: 4,
        unreviewed: 17,
        causes: [
            cause("price", "Price", 50, 41.7, 41.7),
            cause("timing", "Timing", 40, 33.3, 75),
            cause(false, "None", 30, 25, 100),
        ],
        sees_colleagues: true,
        managers: [
            manager(5, "Ivanov", [
                cell("price", {
                    verdict: "more",
                    explanation:
                        "20 of 40 refusals; with the team's share it would be 12.5: more, beyond chance.",
                }),
                cell("timing"),
                cell(false, {observed: 0, expected_text: "1.5", verdict: "insufficient"}),
            ]),
            manager(6, "Sidorov", [cell("price", {observed: 5}), cell("timing")]),
        ],
        ...changes,
    };
}

async function openPareto(answer = () => makePareto(), view = {}) {
    onRpc("crm.lead.refusal", "get_pareto", ({args}) => {
        expect.step(args);
        return answer(...args);
    });
    await mountView({
        type: "graph",
        resModel: "crm.lead.refusal",
        arch: `<graph js_class="refusal_pareto"/>`,
        searchViewArch: `
            <search>
                <filter name="price" string="About Price" domain="[('cause_group', '=', 'price')]"/>
                <filter name="timing" string="About Timing" domain="[('cause_group', '=', 'timing')]"/>
                <filter name="by_manager" string="Salesperson" context="{'group_by': 'user_id'}"/>
            </search>`,
        ...view,
    });
}

function mockDrillDown() {
    mockService("action", {
        doAction({type, name, res_model, views, domain}) {
            expect(type).toBe("ir.actions.act_window");
            expect(res_model).toBe("crm.lead.refusal");
            expect(views.map(([, kind]) => kind)).toEqual(["list", "form"]);
            expect.step([name, domain]);
        },
    });
}

function texts(selector) {
    return queryAllTexts(selector).map((text) => text.replace(/\s+/g, " "));
}

const FIRST = [[], false];

test("the page says what the payload says", async () => {
    await openPareto();
    expect.verifySteps([FIRST]);
    expect(".o_board_heading").toHaveText(
        "120 refusals, 17 to review, 4 spam or duplicates left out"
    );
    expect(".o_refusal_causes thead th:eq(0)").toHaveText("Cause Group");
    expect(texts(`${CAUSES} tr`)).toEqual([
        "Price 50 41.7 % 41.7 % 350,000 ₽",
        "Timing 40 33.3 % 75.0 % 280,000 ₽",
        "None 30 25.0 % 100.0 % 210,000 ₽",
    ]);
    expect(".o_refusal_causes canvas").toHaveAttribute("role", "img");
    expect(".o_refusal_causes canvas").toHaveAttribute("aria-label", /Refusals by Cause Group/);
});

test("the chart draws counts and their running share", async () => {
    await makeMockEnv();
    const {data, options} = paretoChart(makePareto(), (clicked) => expect.step(clicked.name));
    expect(data.labels).toEqual(["Price", "Timing", "None"]);
    expect(data.datasets.map(({label, data: values}) => [label, values])).toEqual([
        ["Refusals", [50, 40, 30]],
        ["Running share", [41.7, 75, 100]],
    ]);
    expect(data.datasets[1].yAxisID).toBe("yShare");
    expect(options.scales.y.max).toBe(120);
    expect(options.scales.yShare.max).toBe(100);
    options.onClick({}, [{datasetIndex: 0, index: 1}]);
    options.onClick({}, []);
    expect.verifySteps(["Timing"]);
});

test("fifteen causes are drawn, all are in the table, eight are compared", async () => {
    const causes = Array.from({length: 20}, (_each, number) =>
        cause(number + 1, `A long name of cause ${number + 1}`, 6, 5, 5 * (number + 1))
    );
    const cells = causes.map(({key}) => cell(key));
    const pareto = makePareto({
        causes,
        managers: [manager(5, "Ivanov", cells), manager(6, "Sidorov", cells)],
    });
    await openPareto(() => pareto);
    expect.verifySteps([FIRST]);
    expect(paretoChart(pareto, () => {}).data.datasets[0].data).toHaveLength(15);
    expect(".o_refusal_causes").toHaveText(/and 5 more in the table/);
    expect(`${CAUSES} tr`).toHaveCount(20);
    expect(`${MANAGERS} tr:eq(0) .o_board_cell`).toHaveCount(8);
    expect(".o_refusal_managers").toHaveText(/The 8 commonest causes are compared/);
});

test("a manager's cause says observed, expected and the verdict in a word and a shape", async () => {
    await openPareto();
    expect.verifySteps([FIRST]);
    expect(texts(`${MANAGERS} tr:eq(0) > *`)).toEqual([
        "Ivanov Hunter",
        "40",
        "20 of expected 12.5 ▲ more",
        "20 of expected 12.5",
        "0 ◌ of expected 1.5",
    ]);
    expect(texts(`${MANAGERS} tr:eq(1) > *`)).toEqual([
        "Sidorov Hunter",
        "40",
        "5 of expected 12.5",
        "20 of expected 12.5",
        "–",
    ]);
    const explanation = /20 of 40 refusals; with the team's share it would be 12.5: more, beyond/;
    expect(`${MANAGERS} button:eq(0)`).toHaveAttribute("data-tooltip", explanation);
    expect(`${MANAGERS} button:eq(0)`).toHaveAttribute("aria-label", explanation);
    expect(`${MANAGERS} button:eq(0)`).toHaveAttribute("aria-label", /^Ivanov, Price: /);
});

test("the refusals behind a cause and behind a manager's cause", async () => {
    mockDrillDown();
    await openPareto();
    await contains(`${CAUSES} tr:eq(1) button`).click();
    await contains(`${MANAGERS} button:eq(0)`).click();
    expect.verifySteps([
        FIRST,
        ["Timing", [["cause_group", "=", "timing"]]],
        ["Ivanov, Price", PRICE],
    ]);
});

test("one manager is compared with nobody", async () => {
    await openPareto(() => makePareto({managers: makePareto().managers.slice(0, 1)}));
    expect.verifySteps([FIRST]);
    expect(".o_refusal_managers table").toHaveCount(0);
    expect(".o_refusal_hint").toHaveText(/at least two of them/);
});

test("who sees no colleagues is not told to widen the filters", async () => {
    await openPareto(() => makePareto({sees_colleagues: false, managers: []}));
    expect.verifySteps([FIRST]);
    expect(".o_refusal_managers").toHaveCount(0);
});

test("no refusal says what to do", async () => {
    await openPareto(() => makePareto({total: 0, unreviewed: 0, causes: [], managers: []}));
    expect.verifySteps([FIRST]);
    expect(".o_board_card").toHaveCount(0);
    expect(queryText(".o_view_nocontent").replace(/\s+/g, " ")).toBe(
        "No refusal in this selection. Widen the filters, or lose an opportunity with “Lost” and say why."
    );
    await toggleSearchBarMenu();
    await toggleMenuItem("About Price");
    expect.verifySteps([[PRICE, false]]);
});

test("one request per change of filters and group", async () => {
    await openPareto();
    await toggleSearchBarMenu();
    await toggleMenuItem("About Price");
    await toggleMenuItem("Salesperson");
    expect.verifySteps([FIRST, [PRICE, false], [PRICE, "user_id"]]);
});

test("old figures stay until the new ones are there; an older answer never overwrites a newer", async () => {
    const [slow, slower] = [new Deferred(), new Deferred()];
    const answers = [makePareto(), slower, slow];
    await openPareto(() => answers.shift());
    await toggleSearchBarMenu();
    await toggleMenuItem("About Price");
    expect(".o_board").toHaveAttribute("aria-busy", "true");
    await toggleMenuItem("About Timing");
    expect(".o_board_heading").toHaveText(/120 refusals/);
    slow.resolve(makePareto({total: 90}));
    await animationFrame();
    expect(".o_board_heading").toHaveText(/90 refusals/);
    expect(".o_board").toHaveAttribute("aria-busy", "false");
    slower.resolve(makePareto({total: 50}));
    await animationFrame();
    expect(".o_board_heading").toHaveText(/90 refusals/);
    expect.verifySteps([
        FIRST,
        [PRICE, false],
        [["|", ...PRICE, ["cause_group", "=", "timing"]], false],
    ]);
});

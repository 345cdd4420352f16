import {expect, test} from "@odoo/hoot";
import {animationFrame, queryAllTexts} from "@odoo/hoot-dom";
import {
    contains,
    defineModels,
    fields,
    mockService,
    models,
    mountView,
    onRpc,
    preloadBundle,
    toggleMenuItem,
    toggleSearchBarMenu,
} from "@web/../tests/web_test_helpers";
import {
    largestChart,
    trendChart,
} from "@sales_funnel_control/client_concentration/concentration_chart";
import {defineMailModels} from "@mail/../tests/mail_test_helpers";

class Client extends models.Model {
    _name = "crm.client";

    user_id = fields.Many2one({relation: "res.users"});
}

defineModels([Client]);
defineMailModels();
preloadBundle("web.chartjs_lib");

const YEAR = {name: "12 months", date_from: "2025-07-01", date_to: "2026-06-30"};
const QUARTER = {name: "3 months", date_from: "2026-04-01", date_to: "2026-06-30"};

function client(id, name, share, changes) {
    return {
        id,
        name,
        manager: "Petrova",
        revenue: 10 * share,
        revenue_text: `${10 * share} ₽`,
        share,
        share_text: `${share}.0 %`,
        running: share,
        running_text: `${share}.0 %`,
        before_text: "",
        ...changes,
    };
}

function makeFound(changes) {
    return {
        date_from: YEAR.date_from,
        date_to: YEAR.date_to,
        periods: [YEAR, QUARTER],
        company: "Our Company",
        currency_id: 1,
        sees_all: true,
        now: {
            clients: 2,
            revenue: 1000,
            revenue_text: "1,000 ₽",
            hhi: 6250,
            hhi_text: "6,250",
            effective: 1.6,
            effective_text: "1.6",
            level: "concentrated",
            level_text: "Highly concentrated",
            top1: 75,
            top5: 100,
            top10: 100,
            top1_text: "75.0 %",
            top5_text: "100.0 %",
            top10_text: "100.0 %",
        },
        words: ["If Big leaves, 75.0 % of the revenue leaves with it."],
        trend: [
            {date_to: "2026-05-30", name: "May 2026", hhi: false, top1: false, top5: false},
            {date_to: "2026-06-30", name: "Jun 2026", hhi: 6250, top1: 75, top5: 100},
        ],
        largest: [client(5, "Big", 75, {before_text: "25.0 %"}), client(6, "Small", 25)],
        ...changes,
    };
}

async function openPage(answer = makeFound) {
    onRpc("crm.client.concentration", "get_concentration", ({kwargs}) => {
        const asked = Object.fromEntries(
            Object.entries(kwargs).filter(([name]) => name !== "context")
        );
        expect.step(asked);
        return answer(asked);
    });
    await mountView({
        type: "graph",
        resModel: "crm.client",
        arch: `<graph js_class="client_concentration"/>`,
        searchViewArch: `
            <search>
                <filter name="mine" string="My Clients" domain="[('user_id', '=', 7)]"/>
            </search>`,
    });
}

function texts(selector) {
    return queryAllTexts(selector).map((text) => text.replace(/\s+/g, " "));
}

test("the page says what the payload says", async () => {
    await openPage();
    expect.verifySteps([{domain: []}]);
    expect(".o_board_card:eq(0) h2").toHaveText(
        /Highly concentrated\s*Our Company: 1,000 ₽ from 2 clients/
    );
    expect(texts(".o_concentration_words li")).toEqual([
        "If Big leaves, 75.0 % of the revenue leaves with it.",
    ]);
    expect(texts(".o_concentration_figures dd")).toEqual([
        "75.0 %",
        "100.0 %",
        "100.0 %",
        "6,250",
        "1.6",
    ]);
    expect(texts("tbody tr")).toEqual([
        "Big Petrova 750 ₽ 75.0 % 75.0 % 25.0 %",
        "Small Petrova 250 ₽ 25.0 % 25.0 % –",
    ]);
    expect("canvas[role=img]").toHaveCount(2);
    expect(".btn-group .active").toHaveText("12 months");
});

test("who sees a part of the clients is told so", async () => {
    await openPage(() => makeFound({sees_all: false}));
    expect.verifySteps([{domain: []}]);
    expect(".o_board_card:eq(0) h2").toHaveText(/from the 2 clients you may see/);
});

test("period and search are asked of the server", async () => {
    await openPage(({date_from}) => makeFound({date_from: date_from || YEAR.date_from}));
    expect.verifySteps([{domain: []}]);
    await contains(".btn-group button:eq(1)").click();
    await animationFrame();
    const {date_from, date_to} = QUARTER;
    expect.verifySteps([{domain: [], date_from, date_to}]);
    expect(".btn-group .active").toHaveText("3 months");
    await toggleSearchBarMenu();
    await toggleMenuItem("My Clients");
    await animationFrame();
    expect.verifySteps([{domain: [["user_id", "=", 7]], date_from, date_to}]);
});

test("a client leads to its card", async () => {
    mockService("action", {
        doAction({res_model, res_id}) {
            expect.step([res_model, res_id]);
        },
    });
    await openPage();
    await contains("tbody tr:eq(1) button").click();
    expect.verifySteps([{domain: []}, ["crm.client", 6]]);
});

test("no revenue, no figures", async () => {
    await openPage(() => makeFound({now: false, words: [], largest: []}));
    expect.verifySteps([{domain: []}]);
    expect(".o_board_card h2").toHaveText("No client bought in this period.");
    expect("canvas").toHaveCount(0);
});

test("charts draw the figures as they come", () => {
    const found = makeFound();
    const opened = [];
    const bars = largestChart(found.largest, ({id}) => opened.push(id));
    expect(bars.data.labels).toEqual(["Big", "Small"]);
    expect(bars.data.datasets[0].data).toEqual([75, 25]);
    bars.options.onClick({}, [{index: 1}]);
    bars.options.onClick({}, []);
    expect(opened).toEqual([6]);
    const lines = trendChart(found.trend);
    expect(lines.data.datasets.map((dataset) => dataset.data)).toEqual([
        [null, 100],
        [null, 6250],
    ]);
});

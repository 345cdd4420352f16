import {_t} from "@web/core/l10n/translation";
import {cookie} from "@web/core/browser/cookie";
import {getColor} from "@web/core/colors/colors";
import {percent, whole} from "../control_board/board_format";
import {share} from "../refusal_pareto/pareto_chart";

function color(place) {
    return getColor(place, cookie.get("color_scheme"), "sm");
}

const tooltip = {
    callbacks: {label: ({dataset, raw}) => `${dataset.label}: ${dataset.format(raw)}`},
};

/**
 * The ten largest clients by their share of the revenue, the largest on top.
 *
 * @param {Object[]} largest
 * @param {Function} onClient called with the client whose bar is clicked
 * @returns {Object} configuration for Chart.js
 */
export function largestChart(largest, onClient) {
    return {
        type: "bar",
        data: {
            labels: largest.map((client) => client.name),
            datasets: [
                {
                    label: _t("Share of revenue"),
                    data: largest.map((client) => client.share),
                    format: share,
                    backgroundColor: color(0),
                    borderRadius: 2,
                    maxBarThickness: 28,
                },
            ],
        },
        options: {
            animation: false,
            indexAxis: "y",
            maintainAspectRatio: false,
            responsive: true,
            interaction: {mode: "index", axis: "y", intersect: false},
            onClick: (_ev, [element]) => {
                if (element) {
                    onClient(largest[element.index]);
                }
            },
            onHover: (ev, elements) => {
                ev.native.target.style.cursor = elements.length ? "pointer" : "default";
            },
            plugins: {legend: {display: false}, tooltip},
            scales: {
                x: {min: 0, ticks: {callback: percent}},
                y: {grid: {display: false}, ticks: {autoSkip: false}},
            },
        },
    };
}

/**
 * The index and the share of the five largest, each over the window that ends in the month.
 *
 * @param {Object[]} trend
 * @returns {Object} configuration for Chart.js
 */
export function trendChart(trend) {
    const line = (place, dataset) => ({
        borderWidth: 2,
        pointRadius: 3,
        borderColor: color(place),
        backgroundColor: color(place),
        ...dataset,
    });
    const drawn = (name) => trend.map((point) => (point[name] === false ? null : point[name]));
    return {
        type: "line",
        data: {
            labels: trend.map((point) => point.name),
            datasets: [
                line(0, {label: _t("Five largest"), data: drawn("top5"), format: share}),
                line(1, {
                    label: _t("Herfindahl index"),
                    data: drawn("hhi"),
                    format: whole,
                    yAxisID: "yIndex",
                    borderDash: [5, 4],
                }),
            ],
        },
        options: {
            animation: false,
            maintainAspectRatio: false,
            responsive: true,
            interaction: {mode: "index", intersect: false},
            plugins: {legend: {position: "bottom"}, tooltip},
            scales: {
                x: {grid: {display: false}},
                y: {
                    min: 0,
                    max: 100,
                    title: {display: true, text: _t("Share of the five largest")},
                    ticks: {callback: percent},
                },
                yIndex: {
                    position: "right",
                    min: 0,
                    title: {display: true, text: _t("Herfindahl index")},
                    grid: {drawOnChartArea: false},
                    ticks: {precision: 0, callback: whole},
                },
            },
        },
    };
}

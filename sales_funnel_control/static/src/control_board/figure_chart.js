import {_t} from "@web/core/l10n/translation";
import {managerColor, percent} from "./board_format";

const TICKS = [0, 20, 40, 60, 80, 100];

/** Calls `draw(bar, place, dataset)` for every bar there is. */
function eachBar(chart, draw) {
    chart.data.datasets.forEach((dataset, number) => {
        chart.getDatasetMeta(number).data.forEach((bar, place) => {
            if (dataset.data[place] !== null || dataset.young[place] !== null) {
                draw(bar, place, dataset);
            }
        });
    });
}

function inkOf(chart) {
    return getComputedStyle(chart.canvas).color;
}

/** Entries too young to judge stand apart: a narrow hollow bar at the side. */
const youngPart = {
    id: "youngPart",
    afterDatasetsDraw(chart) {
        const {ctx, scales} = chart;
        ctx.save();
        ctx.setLineDash([3, 2]);
        eachBar(chart, (bar, place, dataset) => {
            const rate = dataset.young[place];
            if (rate === null) {
                return;
            }
            const width = Math.max(3, bar.width / 6);
            const top = scales.y.getPixelForValue(rate);
            ctx.strokeStyle = dataset.borderColor;
            ctx.strokeRect(
                bar.x + bar.width / 2 + 1,
                top,
                width,
                scales.y.getPixelForValue(0) - top
            );
        });
        ctx.restore();
    },
};

const whiskers = {
    id: "whiskers",
    afterDatasetsDraw(chart) {
        const {ctx, scales} = chart;
        ctx.save();
        ctx.strokeStyle = inkOf(chart);
        ctx.globalAlpha = 0.7;
        eachBar(chart, (bar, place, dataset) => {
            if (!dataset.intervals[place]) {
                return;
            }
            const [low, high] = dataset.intervals[place].map((value) =>
                scales.y.getPixelForValue(value)
            );
            const cap = Math.min(6, bar.width / 4);
            ctx.beginPath();
            ctx.moveTo(bar.x, low);
            ctx.lineTo(bar.x, high);
            for (const end of [low, high]) {
                ctx.moveTo(bar.x - cap, end);
                ctx.lineTo(bar.x + cap, end);
            }
            ctx.stroke();
        });
        ctx.restore();
    },
};

/** The rate stands in its bar where there is room for it. */
const rates = {
    id: "rates",
    afterDatasetsDraw(chart) {
        const {ctx, scales} = chart;
        ctx.save();
        ctx.font = `600 12px ${getComputedStyle(chart.canvas).fontFamily}`;
        ctx.textAlign = "center";
        eachBar(chart, (bar, place, dataset) => {
            const text = percent(dataset.data[place] ?? false);
            if (bar.width < ctx.measureText(text).width || bar.y > scales.y.bottom - 20) {
                return;
            }
            ctx.lineWidth = 3;
            ctx.strokeStyle = "rgba(0, 0, 0, 0.55)";
            ctx.strokeText(text, bar.x, scales.y.bottom - 7);
            ctx.fillStyle = "#fff";
            ctx.fillText(text, bar.x, scales.y.bottom - 7);
        });
        ctx.restore();
    },
};

/** A dash at the target, across the group. */
const targets = {
    id: "targets",
    afterDatasetsDraw(chart) {
        const {ctx, scales, data} = chart;
        const half = (scales.x.width / data.labels.length) * 0.42;
        ctx.save();
        ctx.strokeStyle = inkOf(chart);
        ctx.lineWidth = 3;
        data.targets.forEach((target, place) => {
            if (target === false) {
                return;
            }
            const y = scales.y.getPixelForValue(target);
            const middle = scales.x.getPixelForValue(place);
            ctx.beginPath();
            ctx.moveTo(middle - half, y);
            ctx.lineTo(middle + half, y);
            ctx.stroke();
        });
        ctx.restore();
    },
};

/**
 * The figure: grouped bars per transition, one per manager. Whiskers, dashes and the young part
 * are drawn by plugins from what stands on the datasets.
 *
 * @param {Object} board
 * @param {Object[]} managers those shown, in their order
 * @param {Function} onBar called with manager and transition when a bar is clicked
 * @returns {Object} configuration for Chart.js
 */
export function figureChart(board, managers, onBar) {
    const cells = new Map(board.cells.map((cell) => [`${cell.key} ${cell.transition}`, cell]));
    const datasets = managers.map((manager) => {
        const own = board.transitions.map((transition) =>
            cells.get(`${manager.key} ${transition.id}`)
        );
        const color = managerColor(manager);
        return {
            label: manager.name,
            data: own.map((cell) => (cell && cell.rate !== false ? cell.rate : null)),
            young: own.map((cell) => (cell && cell.young_rate !== false ? cell.young_rate : null)),
            intervals: own.map((cell) =>
                cell && cell.low !== false ? [cell.low, cell.high] : null
            ),
            backgroundColor: color,
            borderColor: color,
            borderRadius: 2,
            categoryPercentage: 0.72,
            barPercentage: 0.86,
            maxBarThickness: 56,
        };
    });
    return {
        type: "bar",
        data: {
            labels: board.transitions.map(({name, target}) =>
                target === false
                    ? [name]
                    : [name, _t("target %(target)s", {target: percent(target)})]
            ),
            targets: board.transitions.map((transition) => transition.target),
            datasets,
        },
        options: {
            animation: false,
            maintainAspectRatio: false,
            responsive: true,
            events: ["click", "mousemove", "mouseout"],
            onClick: (_ev, [element]) => {
                if (element) {
                    onBar(managers[element.datasetIndex], board.transitions[element.index]);
                }
            },
            onHover: (ev, elements) => {
                ev.native.target.style.cursor = elements.length ? "pointer" : "default";
            },
            plugins: {
                legend: {display: false},
                tooltip: {
                    callbacks: {
                        label: ({dataset, raw}) => `${dataset.label}: ${percent(raw)}`,
                    },
                },
            },
            scales: {
                x: {grid: {display: false}},
                y: {
                    min: 0,
                    max: 104,
                    ticks: {callback: percent},
                    afterBuildTicks: (axis) => {
                        axis.ticks = TICKS.map((value) => ({value}));
                    },
                },
            },
        },
        plugins: [youngPart, whiskers, rates, targets],
    };
}

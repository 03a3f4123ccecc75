(() => {
  "use strict";
  const root = document.documentElement;
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const on = (element, event, action) => element && element.addEventListener(event, action);

  on(document.getElementById("theme"), "click", () => {
    const isDark = root.dataset.theme
      ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = isDark ? "light" : "dark";
  });

  const data = JSON.parse(document.getElementById("data").textContent);
  const quoted = (value) => {
    const text = value === null || value === undefined ? "" : String(value);
    return /[",\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
  };
  const csv = ({ dataset, budget, columns, primary, rows }) => {
    const lines = [["dataset", "budget", "backend", "model", "loss", "metric", "direction",
      "value", "low", "high", "mark", "n"]];
    for (const [backend, model, loss, mark, n, values] of rows) {
      columns.forEach(([name, direction], place) => {
        const [value, low, high] = values[place];
        if (values[place].length) {
          lines.push([dataset, budget, backend, model, loss, name, direction, value, low, high,
            name === primary ? mark : "", n]);
        }
      });
    }
    return lines.map((line) => line.map(quoted).join(",")).join("\n") + "\n";
  };

  all("section.results").forEach((section) => {
    const rows = all("tr.row", section);
    const groups = all("tbody", section);
    const order = new Map(rows.map((row, place) => [row, place]));
    const buttons = all("button.backend", section);
    const filter = section.querySelector(".filter");
    const heads = all("th[data-key]", section).filter((head) => head.querySelector("button"));
    const select = section.querySelector("select");

    const show = () => {
      const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
      const off = buttons.filter((button) => button.ariaPressed === "false")
        .map((button) => button.dataset.backend);
      let count = 0;
      rows.filter((row) => row.dataset.backend).forEach((row) => {
        row.hidden = off.includes(row.dataset.backend)
          || !words.every((word) => row.dataset.name.includes(word));
        count += row.hidden ? 0 : 1;
      });
      groups.forEach((group) => {
        group.hidden = all("tr.row", group).every((row) => row.hidden);
      });
      section.querySelector(".count").textContent = words.length || off.length
        ? `${count} of ${section.dataset.rows} rows` : "";
    };
    on(filter, "input", show);
    buttons.forEach((button) => on(button, "click", () => {
      button.ariaPressed = String(button.ariaPressed === "false");
      show();
    }));

    const sort = (key, direction) => {
      const head = heads.find((item) => item.dataset.key === key);
      const place = head ? head.cellIndex : 0;
      const isNumber = head && head.classList.contains("number");
      const sign = direction === "descending" ? -1 : 1;
      const value = (row) => row.cells[place].dataset.v;
      const before = (a, b) => {
        if (!key) return order.get(a) - order.get(b);
        const [x, y] = [value(a), value(b)];
        if (x === "" || y === "") return (x === "") - (y === "") || order.get(a) - order.get(b);
        const difference = isNumber ? Number(x) - Number(y) : x.localeCompare(y, "en");
        return (Number.isNaN(difference) ? 0 : sign * difference) || order.get(a) - order.get(b);
      };
      groups.forEach((group) => group.append(...all("tr.row", group).sort(before)));
      heads.forEach((item) => item.removeAttribute("aria-sort"));
      if (head) head.setAttribute("aria-sort", direction);
      const option = `${key} ${direction}`;
      select.value = all("option", select).some((item) => item.value === option) ? option : "";
    };
    heads.forEach((head) => on(head.querySelector("button"), "click", () => {
      const isUp = head.getAttribute("aria-sort") === "ascending";
      sort(head.dataset.key, isUp ? "descending" : "ascending");
    }));
    on(select, "change", () => sort(...(select.value ? select.value.split(" ") : ["", ""])));

    on(section.querySelector(".csv"), "click", () => {
      const table = data[Number(section.dataset.table)];
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([csv(table)], { type: "text/csv" }));
      link.download = `${table.dataset.replace(/[^\w.-]+/g, "-")}.csv`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    });
  });

  all("button.axis").forEach((button) => on(button, "click", () => {
    const section = button.closest("section");
    all("button.axis", section).forEach((other) => {
      other.ariaPressed = String(other === button);
    });
    all(".panels", section).forEach((panels) => {
      panels.classList.toggle("on", panels.dataset.axis === button.dataset.axis);
    });
  }));

  all("button.copy").forEach((button) => on(button, "click", async () => {
    const code = button.parentElement.querySelector("code");
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(code);
      button.textContent = "Selected";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  }));

  let closed = [];
  on(window, "beforeprint", () => {
    closed = all("details:not([open])");
    closed.forEach((item) => { item.open = true; });
  });
  on(window, "afterprint", () => closed.forEach((item) => { item.open = false; }));
})();

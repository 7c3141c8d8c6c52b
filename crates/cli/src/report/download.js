document.querySelectorAll('button[data-table]').forEach(function (button) {
  button.hidden = false;
  button.addEventListener('click', function () {
    var rows = Array.from(document.getElementById(button.dataset.table).rows, function (row) {
      return Array.from(row.cells, function (cell) {
        var text = 'csv' in cell.dataset ? cell.dataset.csv : cell.textContent;
        return /[",\r\n]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text;
      }).join(',');
    });
    var link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([rows.join('\r\n') + '\r\n'], { type: 'text/csv' }));
    link.download = button.dataset.table.replace('table-', '') + '.csv';
    link.click();
    setTimeout(function () { URL.revokeObjectURL(link.href); }, 1000);
  });
});

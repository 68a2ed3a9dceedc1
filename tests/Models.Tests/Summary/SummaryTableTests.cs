using Fovea.Models.Architectures;
using Fovea.Models.Graphs;
using Fovea.Models.Summary;

namespace Fovea.Models.Tests.Summary;

public class SummaryTableTests
{
    private static readonly Graph LeNet5 = Catalog.Find("lenet5").Build();

    [Fact]
    public void Table_of_LeNet5_has_the_columns_of_Keras()
    {
        var lines = SummaryTable.ToText(NetworkSummary.Of(LeNet5)).Split('\n');

        Assert.Equal("Network: lenet5 (untrained)", lines[0]);
        Assert.Contains("conv2 (Conv2D)                         [16, 8, 8]                  2,416     14      4.00 KiB  pool1", lines);
        Assert.Contains("fc1 (Dense)                            [120]                      30,840             0.47 KiB  flatten", lines);
        Assert.Contains("Total parameters: 44,426", lines);
        Assert.Contains("Multiply-adds per image: 281,640", lines);
        Assert.Contains("Memory of the weights: 0.17 MiB", lines);
        Assert.Contains("Memory of the activations per image: 0.03 MiB", lines);
        Assert.All(lines, line => Assert.InRange(line.Length, 0, 110));
    }

    [Fact]
    public void Trained_network_is_not_called_untrained()
    {
        var summary = NetworkSummary.Of(LeNet5) with { Trained = true };

        Assert.StartsWith("Network: lenet5\n", SummaryTable.ToText(summary), StringComparison.Ordinal);
    }

    [Fact]
    public void Text_wider_than_its_column_continues_in_the_next_lines()
    {
        var name = new string('n', 150);
        var layer = new LayerSummary(name, "Type", [1, 2, 3], 1, 0, [.. Enumerable.Range(0, 5).Select(i => $"source{i}")]);
        var lines = SummaryTable.ToText(NetworkSummary.Of(LeNet5) with { Layers = [layer] }).Split('\n');

        Assert.Equal(150, lines.Skip(5).Sum(line => line.Count(c => c == 'n' && line.StartsWith("nn", StringComparison.Ordinal))));
        Assert.Equal(5, lines.Count(line => line.Contains("source", StringComparison.Ordinal)));
        Assert.All(lines, line => Assert.InRange(line.Length, 0, 110));
    }
}

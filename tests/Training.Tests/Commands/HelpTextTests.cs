using Fovea.Models.Graphs;
using Fovea.Training.Commands;

namespace Fovea.Training.Tests.Commands;

public class HelpTextTests
{
    [Fact]
    public void The_command_is_called_fovea_in_its_usage()
    {
        var train = CommandLine.CreateRoot().Subcommands.Single(c => c.Name == "train");
        Assert.Contains("fovea train NAME --data <folder> --output <file> [options]", HelpText.Of(train, 120), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("train")]
    [InlineData("finetune")]
    public void Options_are_listed_once_in_groups(string name)
    {
        var command = CommandLine.CreateRoot().Subcommands.Single(c => c.Name == name);
        var lines = HelpText.Of(command, 80).Split('\n');
        Assert.All(
            ["Data:", "Length and batches:", "Optimization:", "Output:", "Execution:", "Help:"], title => Assert.Contains(title, lines));
        var rows = lines
            .Where(line => line.StartsWith("  -", StringComparison.Ordinal))
            .Select(line => line.Split(' ', ',').First(word => word.StartsWith("--", StringComparison.Ordinal)));
        Assert.Equal(command.Options.Select(o => o.Name).Append("--help").Order(), rows.Order());
        Assert.All(lines, line => Assert.True(line.Length <= 80, line));
    }
}

using System.CommandLine;
using Fovea.Models;

namespace Fovea.Training;

/// <summary><c>build</c>: an untrained network as a file.</summary>
internal static class BuildCommand
{
    public static Command Create()
    {
        var name = Arguments.Name();
        var classes = Arguments.Classes();
        var input = Arguments.Input();
        var auxiliary = Arguments.Auxiliary();
        var seed = Arguments.Seed();
        var output = Arguments.Output();
        var command = new Command("build", "Writes an untrained network: its weights are random.") { name, classes, input, auxiliary, seed, output };
        command.SetAction(parsed =>
        {
            var file = parsed.GetRequiredValue(output);
            var graph = Catalog.Find(parsed.GetRequiredValue(name)).Build(parsed.GetValue(classes), InputSize.Parse(parsed.GetValue(input)), parsed.GetValue(seed), parsed.GetValue(auxiliary));
            OnnxFile.Write(graph, file);
            Console.WriteLine($"{file}: {graph.Name}, untrained, {new FileInfo(file).Length} bytes");
        });
        return command;
    }
}

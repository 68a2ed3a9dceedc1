using System.CommandLine;
using Fovea.Models.Architectures;
using Fovea.Models.Graphs;

namespace Fovea.Training.Commands;

/// <summary>The <c>build</c> command: writes a network with random weights.</summary>
internal static class BuildCommand
{
    public static Command Create()
    {
        var name = Arguments.Name();
        var classes = Arguments.Classes();
        var input = Arguments.Input();
        var stem = Arguments.Stem();
        var auxiliary = Arguments.Auxiliary();
        var seed = Arguments.Seed();
        var output = Arguments.Output();
        var command = new Command("build", "Writes an untrained network with random weights.")
        {
            name, classes, input, stem, auxiliary, seed, output,
        };
        command.SetAction(parsed =>
        {
            var file = parsed.GetRequiredValue(output);
            var size = InputSize.Parse(parsed.GetValue(input));
            var architecture = Catalog.Find(parsed.GetRequiredValue(name));
            var graph = architecture.Build(
                parsed.GetValue(classes),
                size,
                parsed.GetValue(seed),
                parsed.GetValue(auxiliary),
                StemNames.Parse(parsed.GetValue(stem)));
            OnnxFile.Write(graph, file);
            Console.WriteLine($"{file}: {graph.Name}, untrained, {new FileInfo(file).Length} bytes");
        });
        return command;
    }
}

using System.CommandLine;

namespace Fovea.Training;

/// <summary><c>data get</c>: downloads a public data set.</summary>
internal static class DataCommand
{
    public static Command Create()
    {
        var name = new Argument<string>("NAME") { Description = $"One of {string.Join(", ", PublicDataset.All.Select(d => d.Name))}." };
        name.AcceptOnlyFromAmong([.. PublicDataset.All.Select(d => d.Name)]);
        var output = new Option<string?>("--output", "-o") { Description = "The folder to put it in; default: data/NAME." };
        var get = new Command("get", "Downloads a data set from its public mirrors and checks every file.") { name, output };
        get.SetAction(async (parsed, stop) =>
        {
            var dataset = PublicDataset.All.First(d => d.Name == parsed.GetValue(name));
            var folder = parsed.GetValue(output) ?? Path.Combine("data", dataset.Name);
            await dataset.Download(folder, Console.WriteLine, stop);
            return 0;
        });
        return new Command("data", "Public data sets.") { get };
    }
}

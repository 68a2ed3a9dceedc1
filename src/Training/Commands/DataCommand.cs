using System.CommandLine;
using Fovea.Training.Downloads;

namespace Fovea.Training.Commands;

/// <summary>
/// The <c>data</c> command: <c>data get</c> downloads a public data set, and <c>data check</c> finds what is wrong with a data set.
/// </summary>
internal static class DataCommand
{
    public static Command Create()
    {
        string[] names = [.. PublicDataset.All.Select(d => d.Name)];
        var name = new Argument<string>("NAME") { Description = $"The data set: {string.Join(" or ", names)}." };
        name.AcceptOnlyFromAmong(names);
        var output = new Option<string?>("--output", "-o")
        {
            Description = "The folder for the files. Default: data/NAME.",
            HelpName = "folder",
        };
        var get = new Command("get", "Downloads a data set from a public mirror and verifies the SHA-256 of every file.") { name, output };
        get.SetAction(async (parsed, stop) =>
        {
            var dataset = PublicDataset.All.First(d => d.Name == parsed.GetValue(name));
            var folder = parsed.GetValue(output) ?? Path.Combine("data", dataset.Name);
            await dataset.Download(folder, Console.WriteLine, stop);
            return 0;
        });
        return new Command("data", "Downloads public data sets, and finds what is wrong with a data set.")
        {
            get, DataCheckCommand.Create(),
        };
    }
}

using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Fovea.Api.Tests.FineTuning;

/// <summary>A backup as docs/operations.md describes it: of a service under load, the database first and the files after it.</summary>
[Trait("Needs", "time")]
public sealed class BackupTests
{
    private const int Epochs = 500;

    [Fact]
    public async Task Backup_under_load_restored_elsewhere_gives_the_same_answers_and_its_jobs_go_on()
    {
        await using var workshop = Workshop.OfProcesses();
        using var restored = new TemporaryFolder();
        var service = await workshop.StartProcess("both");
        var dataset = await workshop.Upload();
        var running = await workshop.Create(dataset, "running", Epochs);
        var waiting = await workshop.Create(dataset, "waiting", Epochs);
        await workshop.UntilTold(running, "Checkpoint");
        var answer = await Classify(workshop);

        using var enough = new CancellationTokenSource();
        var load = Load(workshop, answer, enough.Token);
        Backup(workshop, restored);
        await enough.CancelAsync();
        Assert.True(await load > 0);
        service.Kill();

        await using var elsewhere = Workshop.OfProcesses(
            $"--Fovea:ModelRepository={restored["onnx"]}", $"--Fovea:Data={restored["data"]}");
        await elsewhere.StartProcess("both");
        Assert.Equal(answer, await Classify(elsewhere));
        await elsewhere.Until(running, "succeeded");
        await elsewhere.Until(waiting, "succeeded");
        Assert.Contains(await elsewhere.Told(running), message => message.Contains("was restarted", StringComparison.Ordinal));

        // Both jobs train on the same images with the same seed, one of them from a checkpoint of the backup.
        Assert.Equal(Model(restored, "running"), Model(restored, "waiting"));
    }

    private static async Task<string> Classify(Workshop workshop)
    {
        using var image = new ByteArrayContent(await File.ReadAllBytesAsync(Path.Combine(AppContext.BaseDirectory, "samples", "7.png")));
        using var answer = await workshop.Client.PostAsync("/classify/lenet5", image);
        var best = (await Workshop.Json(answer, 200)).GetProperty("predictions")[0];

        // Faster sessions that come into use meanwhile may round differently.
        return string.Create(
            CultureInfo.InvariantCulture, $"{best.GetProperty("label")} {best.GetProperty("probability").GetDouble():F3}");
    }

    // Classifies until the backup is done. Each answer must be right. Returns their number.
    private static async Task<int> Load(Workshop workshop, string right, CancellationToken enough)
    {
        int answers = 0;
        do
        {
            Assert.Equal(right, await Classify(workshop));
            answers++;
        }
        while (!enough.IsCancellationRequested);
        return answers;
    }

    // Copies the data as `sqlite3 .backup` and `tar` do.
    private static void Backup(Workshop workshop, TemporaryFolder to)
    {
        Directory.CreateDirectory(to["data"]);
        using (var live = new SqliteConnection($"Data Source={Path.Combine(workshop.Data, "fovea.db")};Pooling=False"))
        using (var copy = new SqliteConnection($"Data Source={Path.Combine(to["data"], "fovea.db")};Pooling=False"))
        {
            live.Open();
            live.BackupDatabase(copy);
        }

        Copy(workshop.Repository.Folder, to["onnx"]);
        Copy(workshop.Data, to["data"]);
    }

    private static void Copy(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var name = Path.GetRelativePath(from, file);
            var copy = Path.Combine(to, name);
            if (!name.StartsWith("fovea.db", StringComparison.Ordinal))
            {
                Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
                try
                {
                    File.Copy(file, copy);
                }
                catch (FileNotFoundException)
                {
                    // A temporary file of a checkpoint that has just been completed.
                }
            }
        }
    }

    private static byte[] Model(TemporaryFolder restored, string suffix) =>
        File.ReadAllBytes(Path.Combine(restored["onnx"], $"lenet5-{suffix}", "1", "model.onnx"));
}

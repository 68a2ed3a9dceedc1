using System.Net.Http.Headers;
using Fovea.Api.ModelRepository;
using Fovea.Api.Storage;
using Fovea.Api.Tests.DatasetRepository;
using Fovea.Api.Tests.Hosting;
using Fovea.Api.Tests.ModelRepository;
using Fovea.Models.Graphs;

namespace Fovea.Api.Tests.Requests;

[Trait("Needs", "time")]
public sealed class StagingTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Sweep_deletes_folders_of_dead_processes_and_keeps_those_of_running_ones()
    {
        using var folder = new TemporaryFolder();
        using var alive = new StagingFolder(folder.Path, "The folder");
        var dead = Path.GetDirectoryName(Abandoned(folder.Path))!;
        var (old, young) = (Directory.CreateDirectory(folder[".upload-old"]), Directory.CreateDirectory(folder[".upload-young"]));
        await File.WriteAllTextAsync(Path.Combine(old.FullName, "archive.zip"), "", Stop);
        await File.WriteAllTextAsync(Path.Combine(young.FullName, "archive.zip"), "", Stop);
        var yesterday = DateTime.UtcNow.AddHours(-25);
        File.SetLastWriteTimeUtc(Path.Combine(old.FullName, "archive.zip"), yesterday);
        (old.LastWriteTimeUtc, young.LastWriteTimeUtc) = (yesterday, yesterday);
        StagingFolder.DeleteAbandoned(folder.Path, DateTimeOffset.UtcNow);
        Assert.False(Directory.Exists(dead));
        Assert.Equal(new[] { Path.GetDirectoryName(alive.Path), young.FullName }.Order(), Directory.GetDirectories(folder.Path).Order());
    }

    [Fact]
    public void Only_the_service_can_read_data_sets_and_everybody_can_read_models()
    {
        using var folder = new TemporaryFolder();
        using var models = new StagingFolder(folder.Path, "The folder");
        using var images = new StagingFolder(folder.Path, "The folder", isPrivate: true);
        const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.OtherRead;
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(images.Path) & Others);
        Assert.Equal(Others, File.GetUnixFileMode(models.Path) & Others);
    }

    [Fact]
    public async Task Uploads_of_a_killed_service_are_deleted_at_the_next_start_and_its_check_process_ends_with_it()
    {
        using var repository = new Repository().With("lenet5", 1);
        using var data = new TemporaryFolder();

        // Opening a named pipe for reading blocks until another process opens it for writing, so the check does not end by itself.
        Directory.CreateDirectory(Path.Combine(repository.Folder, "slow"));
        using (var mkfifo = System.Diagnostics.Process.Start("mkfifo", Path.Combine(repository.Folder, "slow", "model.json")))
        {
            await mkfifo.WaitForExitAsync(Stop);
        }

        int port = ServiceProcess.FreePort();
        using var release = new CancellationTokenSource();
        using (var killed = new ServiceProcess(Settings(port, repository, data)))
        {
            using var client = Client(port);
            await UntilReady(client);
            var check = client.PutAsync("/models/slow/versions/1", new ByteArrayContent(UploadTests.Body("good")), release.Token);
            var dataset = client.PostAsync("/datasets", Held(release.Token), release.Token);
            await Eventually.True(() => Task.FromResult(Checks(repository).Any() && Left(data["datasets"]).Any()));
            Assert.NotEmpty(Left(repository.Folder));
            killed.Kill();
            await release.CancelAsync();
            await Assert.ThrowsAnyAsync<Exception>(() => check);
            await Assert.ThrowsAnyAsync<Exception>(() => dataset);
        }

        await Eventually.True(() => Task.FromResult(!Checks(repository).Any()));
        Assert.NotEmpty(Left(repository.Folder));
        Assert.NotEmpty(Left(data["datasets"]));
        port = ServiceProcess.FreePort();
        using var next = new ServiceProcess(Settings(port, repository, data));
        await Eventually.True(() => Task.FromResult(!Left(repository.Folder).Any() && !Left(data["datasets"]).Any()));
    }

    [Fact]
    public async Task Starting_service_keeps_the_uploads_of_a_running_one()
    {
        using var repository = new Repository();
        await using var one = await Administrator.Start(repository);
        var release = new TaskCompletionSource();
        var upload = one.Send(HttpMethod.Put, "/models/new/versions/1", new HeldContent(UploadTests.Body("good"), release.Task));
        await Eventually.True(() => Task.FromResult(Left(repository.Folder).Any()));
        await using var other = await Administrator.Start(repository);
        await other.Service.Get<StagingSweep>().Sweep(Stop);
        Assert.Single(Left(repository.Folder));
        release.SetResult();
        Assert.Equal(201, (await upload).Status);
    }

    private static IEnumerable<string> Left(string folder) =>
        Directory.Exists(folder) ? Directory.EnumerateDirectories(folder, ".upload-*") : [];

    // Makes the folder that a killed process leaves: its lock file exists, but no process holds the lock.
    private static string Abandoned(string parent)
    {
        var files = Directory.CreateDirectory(Path.Combine(parent, $".upload-{Guid.NewGuid():N}", "files")).FullName;
        File.WriteAllText(Path.Combine(files, "..", "lock"), "");
        return files;
    }

    private static IEnumerable<string> Checks(Repository repository) => Directory.EnumerateDirectories("/proc").Where(process =>
    {
        try
        {
            var command = File.ReadAllText(Path.Combine(process, "cmdline"));
            return command.Contains(CheckCommand.Verb, StringComparison.Ordinal)
                && command.Contains(repository.Folder, StringComparison.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    });

    private static HeldContent Held(CancellationToken released)
    {
        var release = new TaskCompletionSource();
        released.Register(() => release.SetCanceled(CancellationToken.None));
        return new(Archives.Zip(Archives.AntsAndBees(2)), release.Task)
        {
            Headers = { ContentType = new MediaTypeHeaderValue("application/zip") },
        };
    }

    private static Dictionary<string, string?> Settings(int port, Repository repository, TemporaryFolder data) => new()
    {
        ["ASPNETCORE_URLS"] = $"http://127.0.0.1:{port}",
        ["Fovea__ModelRepository"] = repository.Folder,
        ["Fovea__Data"] = data.Path,
        ["Fovea__ApiKeys__0"] = Administrator.Key,
    };

    private static HttpClient Client(int port)
    {
        var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Administrator.Key);
        return client;
    }

    private static Task UntilReady(HttpClient client) => Eventually.True(async () =>
    {
        try
        {
            using var answer = await client.GetAsync("/health/ready");
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    });
}

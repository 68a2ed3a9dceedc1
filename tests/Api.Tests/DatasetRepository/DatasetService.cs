using System.Text.Json;
using Fovea.Api.DatasetRepository;
using Fovea.Api.Tests.Hosting;

namespace Fovea.Api.Tests.DatasetRepository;

/// <summary>A service with an API key and its own data folder.</summary>
internal sealed class DatasetService : IAsyncDisposable
{
    private readonly Repository repository;
    private readonly TemporaryFolder data;

    private DatasetService(Repository repository, TemporaryFolder data, Administrator administrator) =>
        (this.repository, this.data, Administrator) = (repository, data, administrator);

    public Administrator Administrator { get; }

    public HttpClient Client => Administrator.Service.Client;

    public string Folder => Path.Combine(data.Path, "datasets");

    /// <summary>The names in the folder of data sets, including hidden folders.</summary>
    public IEnumerable<string> Left =>
        Directory.Exists(Folder) ? Directory.EnumerateFileSystemEntries(Folder).Select(path => Path.GetFileName(path)) : [];

    public static Task<DatasetService> Start(params string[] args) => Start(new Repository(), args);

    public static async Task<DatasetService> Start(Repository repository, params string[] args)
    {
        var data = new TemporaryFolder();
        return new(repository, data, await Administrator.Start(repository, [$"--Fovea:Data={data.Path}", .. args]));
    }

    public Task<(int Status, JsonElement Json)> Upload(byte[] zip) =>
        Administrator.Send(HttpMethod.Post, "/datasets", Archives.Content(zip));

    public Task<(int Status, JsonElement Json)> Upload(params (string Path, byte[] Bytes)[] files) => Upload(Archives.Zip(files));

    /// <summary>Uploads an archive with this query.</summary>
    public Task<(int Status, JsonElement Json)> Send(string query, params (string Path, byte[] Bytes)[] files) =>
        Administrator.Send(HttpMethod.Post, $"/datasets{query}", Archives.Content(Archives.Zip(files)));

    /// <summary>Makes a new data set of an old one and an archive of corrections.</summary>
    public Task<(int Status, JsonElement Json)> Correct(string id, params (string Path, byte[] Bytes)[] corrections) =>
        Send($"?from={Uri.EscapeDataString(id)}", corrections);

    /// <summary>Sets back the creation time of a data set by some days.</summary>
    public void Age(string id, int days)
    {
        var description = Path.Combine(Folder, id, "dataset.json");
        var created = Administrator.Service.Get<DatasetStore>().Get(id).CreatedAt;
        File.WriteAllText(
            description, File.ReadAllText(description).Replace($"{created}", $"{created - (days * 86_400)}", StringComparison.Ordinal));
    }

    public async ValueTask DisposeAsync()
    {
        await Administrator.DisposeAsync();
        repository.Dispose();
        data.Dispose();
    }
}

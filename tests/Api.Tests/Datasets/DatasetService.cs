using System.Text.Json;

namespace Fovea.Api.Tests;

/// <summary>A service with a key and a folder of data of its own.</summary>
internal sealed class DatasetService : IAsyncDisposable
{
    private readonly Repository repository;
    private readonly TemporaryFolder data;

    private DatasetService(Repository repository, TemporaryFolder data, Administrator administrator) => (this.repository, this.data, Administrator) = (repository, data, administrator);

    public Administrator Administrator { get; }

    public HttpClient Client => Administrator.Service.Client;

    public string Folder => Path.Combine(data.Path, "datasets");

    /// <summary>What is in the folder of data sets, hidden folders too.</summary>
    public IEnumerable<string> Left => Directory.Exists(Folder) ? Directory.EnumerateFileSystemEntries(Folder).Select(path => Path.GetFileName(path)) : [];

    public static Task<DatasetService> Start(params string[] args) => Start(new Repository(), args);

    public static async Task<DatasetService> Start(Repository repository, params string[] args)
    {
        var data = new TemporaryFolder();
        return new(repository, data, await Administrator.Start(repository, [$"--Fovea:Data={data.Path}", .. args]));
    }

    public Task<(int Status, JsonElement Json)> Upload(byte[] zip) => Administrator.Send(HttpMethod.Post, "/datasets", Archives.Content(zip));

    public Task<(int Status, JsonElement Json)> Upload(params (string Path, byte[] Bytes)[] files) => Upload(Archives.Zip(files));

    /// <summary>Makes a data set seem so much older.</summary>
    public void Age(string id, int days)
    {
        var description = Path.Combine(Folder, id, "dataset.json");
        var created = Administrator.Service.Get<DatasetStore>().Get(id).CreatedAt;
        File.WriteAllText(description, File.ReadAllText(description).Replace($"{created}", $"{created - (days * 86_400)}", StringComparison.Ordinal));
    }

    public async ValueTask DisposeAsync()
    {
        await Administrator.DisposeAsync();
        repository.Dispose();
        data.Dispose();
    }
}

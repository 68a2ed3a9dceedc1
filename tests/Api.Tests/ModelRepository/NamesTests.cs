using Fovea.Api.ModelRepository;
using Fovea.Api.Tests.Hosting;

namespace Fovea.Api.Tests.ModelRepository;

public sealed class NamesTests
{
    [Fact]
    [Trait("Needs", "time")]
    public async Task Name_without_a_folder_is_not_kept_in_memory()
    {
        using var repository = new Repository().With("lenet5", 1);
        await using var administrator = await Administrator.Start(repository);
        var store = administrator.Service.Get<ModelStore>();

        // Each upload starts a process, so the test makes few of them.
        for (int i = 0; i < 5; i++)
        {
            Assert.Equal(404, (await administrator.Post($"/models/a{i}/load")).Status);
            Assert.Equal(422, (await administrator.Put($"/models/b{i}/versions/1", "no ONNX"u8.ToArray())).Status);
            Assert.Equal(404, (await administrator.Post($"/models/c{i}/unload")).Status);
        }

        Directory.CreateDirectory(Path.Combine(repository.Folder, "lost+found"));
        await administrator.Poll(2);
        Assert.Equal(1, store.NamesInMemory);
        Assert.Equal(201, (await administrator.Put("/models/new/versions/1", UploadTests.Body("good"))).Status);
        Assert.Equal(2, store.NamesInMemory);
        Assert.Equal(204, (await administrator.Send(HttpMethod.Delete, "/models/new/versions/1")).Status);
        Assert.Equal(1, store.NamesInMemory);
    }

    [Theory]
    [InlineData(300, "more than 200 bytes")]
    [InlineData(20_000, "")]
    public async Task Long_file_name_in_a_form_is_refused_with_a_short_message(int length, string reason)
    {
        using var repository = new Repository();
        await using var administrator = await Administrator.Start(repository);
        using var form = new MultipartFormDataContent
        {
            { new ByteArrayContent(UploadTests.Body("good")), "model", "a.onnx" },
            { new StringContent("a\n"), "labels", $"{new string('a', length)}.txt" },
        };
        var (status, json) = await administrator.Send(HttpMethod.Put, "/models/new/versions/1", form);
        Assert.Equal(400, status);
        Assert.Contains(reason, json.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.InRange($"{json}".Length, 0, 600);
        Assert.Empty(Directory.EnumerateFileSystemEntries(repository.Folder));
    }
}

using Fovea.Api.Tests.Hosting;
using Fovea.Api.Tests.Problems;

namespace Fovea.Api.Tests.ModelRepository;

/// <summary>Two services on one repository, neither of which polls for the changes of the other.</summary>
[Trait("Needs", "time")]
public sealed class TwoServicesTests
{
    [Fact]
    public async Task Version_that_the_other_service_has_deleted_is_unknown()
    {
        using var repository = new Repository().With("lenet5", 1, 2, 3);
        await using var one = await Administrator.Start(repository);
        await using var other = await Administrator.Start(repository);
        Assert.Equal(204, (await one.Send(HttpMethod.Delete, "/models/lenet5/versions/1")).Status);
        (await other.Send(HttpMethod.Delete, "/models/lenet5/versions/1")).Json.IsProblem(404, "unknown_model", "no version 1");
        Assert.Equal(204, (await one.Send(HttpMethod.Delete, "/models/lenet5/versions/2")).Status);
        (await other.Post("/models/lenet5/versions/2/publish")).Json.IsProblem(404, "unknown_model", "no version 2");
        Assert.False(File.Exists(Path.Combine(repository.Folder, "lenet5", "default")));
        Assert.Equal(3, await other.Version());
    }

    [Fact]
    public async Task Version_that_the_other_service_has_published_is_not_deleted()
    {
        using var repository = new Repository().With("lenet5", 1, 2);
        await using var one = await Administrator.Start(repository);
        await using var other = await Administrator.Start(repository);
        Assert.Equal(200, (await one.Post("/models/lenet5/versions/1/publish")).Status);
        (await other.Send(HttpMethod.Delete, "/models/lenet5/versions/1")).Json.IsProblem(409, "conflict", "serves");
        Assert.Equal(1, await one.Version());
    }

    [Fact]
    public async Task Publishing_does_not_recreate_a_model_that_the_other_service_has_deleted()
    {
        using var repository = new Repository().With("lenet5", 1);
        await using var one = await Administrator.Start(repository);
        await using var other = await Administrator.Start(repository);
        Assert.Equal(204, (await one.Send(HttpMethod.Delete, "/models/lenet5/versions/1")).Status);
        Assert.Equal(404, (await other.Post("/models/lenet5/versions/1/publish")).Status);
        Assert.Empty(Directory.EnumerateFileSystemEntries(repository.Folder));
    }

    [Fact]
    public async Task Concurrent_changes_by_both_services_cause_no_fault_and_leave_a_serving_model()
    {
        using var repository = new Repository().With("lenet5", 1, 2, 3);
        await using var one = await Administrator.Start(repository);
        await using var other = await Administrator.Start(repository);
        Administrator[] services = [one, other];
        await Task.WhenAll(Enumerable.Range(0, 4).Select(seed => Task.Run(async () =>
        {
            var random = new Random(seed);
            for (int i = 0; i < 60; i++)
            {
                var (service, version) = (services[random.Next(2)], random.Next(1, 4));
                var (what, answer) = random.Next(6) switch
                {
                    0 => ("publish", await service.Post($"/models/lenet5/versions/{version}/publish")),
                    1 => ("rollback", await service.Post("/models/lenet5/rollback")),
                    2 => ("load", await service.Post("/models/lenet5/load")),
                    3 => ("unload", await service.Post("/models/lenet5/unload")),
                    4 => ("delete", await service.Send(HttpMethod.Delete, $"/models/lenet5/versions/{version}")),
                    _ => ("restore", Restore(repository, version)),
                };
                Assert.True(answer.Status is 200 or 204 or 404 or 409 or 503, $"{what} {version}: {answer.Status} {answer.Json}");
            }
        })));
        Restore(repository, 1);
        foreach (var service in services)
        {
            await service.Poll(2);
            Assert.Equal(200, (await service.Post("/models/lenet5/versions/1/publish")).Status);
            Assert.Equal(200, (await service.Post("/models/lenet5/load")).Status);
            Assert.Equal(1, await service.Version());
            Assert.DoesNotContain(service.Service.Logs.Errors, error => error.Contains("   at ", StringComparison.Ordinal));
        }

        Assert.Empty(Directory.EnumerateDirectories(repository.Folder, ".upload-*"));
    }

    // Restores a version in the way of a person who copies a folder: the copy is made beside the model and then moved.
    private static (int Status, System.Text.Json.JsonElement Json) Restore(Repository repository, int version)
    {
        using var copy = new Repository().With("lenet5", version);
        var place = Path.Combine(repository.Folder, "lenet5", $"{version}");
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(place)!);
            Directory.Move(Path.Combine(copy.Folder, "lenet5", $"{version}"), place);
        }
        catch (IOException)
        {
            // The version exists already.
        }

        return (200, default);
    }
}

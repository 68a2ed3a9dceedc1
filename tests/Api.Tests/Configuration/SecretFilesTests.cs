using Fovea.Api.Hosting;
using Fovea.Api.Keys;
using Fovea.Models.Errors;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Fovea.Api.Tests.Configuration;

public sealed class SecretFilesTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    [Fact]
    public async Task Setting_and_key_are_read_from_the_files_that_their_names_with_suffix_give()
    {
        await File.WriteAllTextAsync(folder["queue"], "7\n", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(folder["key"], "s3cret\r\n", TestContext.Current.CancellationToken);
        await using var app = Service.Build(
            [
                $"--Fovea:ModelRepository={folder.Path}", $"--Fovea:Data={folder["data"]}",
                $"--Fovea:MaxQueue_FILE={folder["queue"]}", $"--Fovea:ApiKeys:0_FILE={folder["key"]}",
            ]);
        Assert.Equal(7, app.Services.GetRequiredService<Api.Serving.ServingSettings>().MaxQueue);
        var request = new DefaultHttpContext().Request;
        request.Headers.Authorization = "Bearer s3cret";
        Assert.NotNull(app.Services.GetRequiredService<ApiKeys>().Find(request));
    }

    [Fact]
    public void Missing_file_stops_the_start_with_its_path()
    {
        var error = Assert.Throws<FoveaException>(() => Service.Build([$"--Fovea:Database_FILE={folder["none"]}"]));
        Assert.StartsWith($"Fovea:Database_FILE is {folder["none"]}, which cannot be read", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Value_and_file_together_stop_the_start()
    {
        var error = Assert.Throws<FoveaException>(
            () => Service.Build(["--Fovea:Database=Host=db", $"--Fovea:Database_FILE={folder["none"]}"]));
        Assert.Equal("Fovea:Database and Fovea:Database_FILE are both set; expected one of them.", error.Message);
    }

    [Fact]
    public void Misspelt_setting_with_a_file_stops_the_start_with_the_nearest_name()
    {
        var error = Assert.Throws<FoveaException>(() => Service.Build([$"--Fovea:Databas_FILE={folder["none"]}"]));
        Assert.Contains("did you mean Fovea:Database?", error.Message, StringComparison.Ordinal);
    }

    public void Dispose() => folder.Dispose();
}

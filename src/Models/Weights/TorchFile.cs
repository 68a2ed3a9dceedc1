using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Fovea.Models;

/// <summary>
/// State dicts as torch.save writes them: since PyTorch 1.6 a zip file of a pickle and its storages, before that pickles one after the other
/// with the storages behind them. Also those inside a checkpoint, under state_dict, model_state_dict or model.
/// </summary>
internal static class TorchFile
{
    private static readonly string[] Nested = ["state_dict", "model_state_dict", "model"];
    private static readonly BigInteger Magic = BigInteger.Parse("119547037146038801333356");

    /// <summary>Whether a file begins as one of the two forms.</summary>
    public static bool Is(ReadOnlySpan<byte> file) => file.StartsWith("PK\x03\x04"u8) || file is [0x80, ..];

    /// <summary>The tensors by their names.</summary>
    /// <exception cref="FoveaException">The file is damaged, or holds something else than tensors.</exception>
    public static Dictionary<string, StoredTensor> Read(ReadOnlyMemory<byte> file) => file.Span[0] == 0x80 ? ReadPickles(file) : ReadZip(file);

    private static Dictionary<string, StoredTensor> ReadZip(ReadOnlyMemory<byte> file)
    {
        const string Pickle = "data.pkl";
        var entries = StoredZip.Entries(file);
        var path = entries.Keys.FirstOrDefault(name => name == Pickle || name.EndsWith($"/{Pickle}", StringComparison.Ordinal)) ?? throw Bad($"it holds no {Pickle}, so torch.save did not write it");
        var folder = path[..^Pickle.Length];
        if (entries.TryGetValue($"{folder}byteorder", out var order) && Encoding.UTF8.GetString(order.Span[..Math.Min(order.Length, 10)]) is var text && text != "little")
        {
            throw Bad($"its byte order is {text}; expected little");
        }

        return Tensors(new Unpickler(entries[path]).Read(), storage => entries.TryGetValue($"{folder}data/{storage.Key}", out var bytes) ? bytes : throw Bad($"it lacks the storage {storage.Key}"));
    }

    // Magic number, protocol version, facts about the system, the object, the keys of its storages; then for each its number of elements and they.
    private static Dictionary<string, StoredTensor> ReadPickles(ReadOnlyMemory<byte> file)
    {
        var unpickler = new Unpickler(file);
        if (unpickler.Read() is not BigInteger magic || magic != Magic || unpickler.Read() is not 1001L)
        {
            throw Bad("it is a pickle, but torch.save did not write it");
        }

        if ((unpickler.Read() as PickledDictionary)?["little_endian"] is not true)
        {
            throw Bad("its byte order is not little");
        }

        var root = unpickler.Read();
        var keys = unpickler.Read() as List<object?> ?? throw Bad("its list of storages is missing");
        var storages = new Dictionary<string, ReadOnlyMemory<byte>>();
        long at = unpickler.Position;
        foreach (var key in keys)
        {
            var storage = key is string name && unpickler.Storages.TryGetValue(name, out var known) ? known : throw Bad("it lists a storage that no tensor uses");
            long length = storage.Count <= file.Length ? storage.Count * storage.Type.SizeOf() : long.MaxValue;
            if (file.Length - at < 8 || BinaryPrimitives.ReadInt64LittleEndian(file.Span[(int)at..]) != storage.Count || length > file.Length - at - 8)
            {
                throw Bad($"its storage {storage.Key} of {storage.Count} elements is cut off or of another size");
            }

            storages[storage.Key] = file.Slice((int)at + 8, (int)length);
            at += 8 + length;
        }

        return Tensors(root, storage => storages.TryGetValue(storage.Key, out var bytes) ? bytes : throw Bad($"it lacks the storage {storage.Key}"));
    }

    private static Dictionary<string, StoredTensor> Tensors(object? root, Func<TorchStorage, ReadOnlyMemory<byte>> bytesOf)
    {
        var dictionary = root as PickledDictionary ?? throw Bad("it holds no state dict; expected torch.save(model.state_dict(), file)");
        dictionary = Nested.Select(key => dictionary[key]).OfType<PickledDictionary>().FirstOrDefault() ?? dictionary;
        var tensors = new Dictionary<string, StoredTensor>();
        foreach (var (key, value) in dictionary)
        {
            var name = key as string ?? throw Bad("a key of its state dict is no name");
            var view = value as TorchTensor ?? throw Bad($"{name} in its state dict is no tensor");
            tensors[name] = Tensor(name, view, bytesOf(view.Storage));
        }

        return tensors;
    }

    private static StoredTensor Tensor(string name, TorchTensor view, ReadOnlyMemory<byte> bytes)
    {
        long length = view.Storage.Count <= bytes.Length ? view.Storage.Count * view.Storage.Type.SizeOf() : long.MaxValue;
        return length <= bytes.Length && view.Size.All(d => d is >= 0 and <= int.MaxValue)
            ? new StoredTensor(view.Storage.Type, new Shape([.. view.Size.Select(d => (int)d)]), bytes[..(int)length], view.Offset, view.Strides)
            : throw Bad($"the storage of {name} should have {view.Storage.Count} elements, and has {bytes.Length} bytes");
    }

    private static FoveaException Bad(string reason) => new(ErrorCode.BadModelFile, $"it cannot be read as a PyTorch file: {reason}.");
}
